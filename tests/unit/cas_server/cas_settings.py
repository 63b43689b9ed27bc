"""Settings of cas-server as a test writes them."""

from pathlib import Path
from typing import Any

import yaml

from cas_server.passwords import hash_generated
from cas_server.settings import CasSettings
from chassis import LiveConfig
from chassis.config import ConfigSource

SECRET = "s" * 43
HASH = hash_generated(SECRET)
APP: dict[str, Any] = {
    "client-secret": HASH,
    "authorized-grant-types": "password, refresh_token",
    "scope": ["read", "write"],
    "resource-ids": ["rest-service"],
}


def loaded(
    directory: Path, tree: dict[str, Any], *, profiles: tuple[str, ...] = ("dev",)
) -> LiveConfig[CasSettings]:
    """Read a configuration as a pod would; raise `ConfigError`."""
    (directory / "application.yaml").write_text(yaml.safe_dump(tree))
    source = ConfigSource("cas-server", config_dir=directory, profiles=profiles)
    return LiveConfig.load(source, CasSettings)
