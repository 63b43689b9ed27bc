"""Settings of cas-server for tests."""

from pathlib import Path
from typing import Any

import yaml

from cas_server.passwords.hashing import hash_generated
from cas_server.settings import CasSettings
from chassis import LiveConfig
from chassis.config import ConfigSource

SECRET = "s" * 43
HASH = hash_generated(SECRET)
ARGON2 = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$" + "A" * 43
APP: dict[str, Any] = {
    "client-secret": HASH,
    "authorized-grant-types": "password, refresh_token",
    "scope": ["read", "write"],
    "resource-ids": ["order-service"],
}


def loaded(
    directory: Path, tree: dict[str, Any], *, profiles: tuple[str, ...] = ("dev",)
) -> LiveConfig[CasSettings]:
    """Load a configuration as a pod does. Raises `ConfigError`."""
    (directory / "application.yaml").write_text(yaml.safe_dump(tree))
    source = ConfigSource("cas-server", config_dir=directory, profiles=profiles)
    return LiveConfig.load(source, CasSettings)


def pasted(directory: Path, text: str, *, secret: bool = False) -> CasSettings:
    """Load a text as the only content of a ConfigMap or Secret. Raises `ConfigError`."""
    config, secrets = directory / "config", directory / "secrets"
    for place in (config, secrets):
        place.mkdir()
    (config / "application.yaml").write_text("server: {port: 1}\n" if secret else text)
    if secret:
        (secrets / "identities.yaml").write_text(text)
    source = ConfigSource("cas-server", config_dir=config, secrets_dir=secrets)
    return LiveConfig.load(source, CasSettings).settings
