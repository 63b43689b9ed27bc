"""`make secrets`: the secrets of production, readable only by their owner."""

import asyncio
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from cas_server.identities.demo_identities import DEMO_SECRETS
from cas_server.passwords.hashing import matches_blocking
from cas_server.settings import CasSettings
from chassis import LiveConfig
from chassis.config import ConfigSource
from suitectl.catalogue import apis
from suitectl.deploy import DEV_SECRETS, missing_secrets, render
from suitectl.errors import CommandFailedError
from suitectl.platform.kubernetes import Kubernetes
from suitectl.root import ROOT
from suitectl.secrets.generated import generate

pytestmark = pytest.mark.anyio

KEY = "security.oauth2.client.client-secret"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate once, since hashing is slow by design."""
    directory = tmp_path_factory.mktemp("generated") / "secrets"
    asyncio.run(generate(directory))
    return directory


def _documents(directory: Path) -> dict[str, Any]:
    files = (directory / "secrets.yaml", directory / "redis.yaml")
    loaded = [document for file in files for document in yaml.safe_load_all(file.read_text())]
    return {document["metadata"]["name"]: document for document in loaded}


async def test_every_demo_identity_gets_a_secret_other_than_its_demo_secret(
    generated: Path,
) -> None:
    plain = json.loads((generated / "identities.json").read_text())
    assert plain.keys() == DEMO_SECRETS.keys()
    assert set(plain.values()).isdisjoint(DEMO_SECRETS.values())
    assert len(set(plain.values())) == len(plain)


async def test_cas_server_accepts_the_generated_identities_under_prod(
    generated: Path, tmp_path: Path
) -> None:
    identities = _documents(generated)["cas-server-identities"]["stringData"]["identities.yaml"]
    (tmp_path / "application.yaml").write_text(identities)
    source = ConfigSource("cas-server", config_dir=tmp_path, profiles=("prod",))
    settings = LiveConfig.load(source, CasSettings).current.settings
    plain = json.loads((generated / "identities.json").read_text())
    assert matches_blocking(settings.clients["demo-app"].client_secret[0], plain["demo-app"])
    assert matches_blocking(settings.users["alice"].password, plain["alice"])


async def test_a_service_gets_the_secret_that_cas_server_has(generated: Path) -> None:
    plain = json.loads((generated / "identities.json").read_text())
    for service in apis():
        data = _documents(generated)[str(service.credentials)]["stringData"]
        assert data == {KEY: plain[service.client_id]}


async def test_production_gets_every_secret_that_it_mounts_and_does_not_bring(
    generated: Path,
) -> None:
    rendered = await render(ROOT / "k8s/overlays/prod", {}, Kubernetes())
    assert missing_secrets(rendered) <= _documents(generated).keys() | DEV_SECRETS


async def test_redis_gets_the_passwords_that_its_scripts_read(generated: Path) -> None:
    data = _documents(generated)["redis-credentials"]["stringData"]
    scripts = ROOT.glob("k8s/components/redis-sentinel/*.sh")
    read = {
        name for path in scripts for name in re.findall(r"\$\(secret ([a-z-]+)\)", path.read_text())
    }
    assert data.keys() == read
    assert len(set(data.values())) == len(data)


async def test_only_the_owner_may_read_them(generated: Path) -> None:
    assert _modes(generated) == {
        "secrets": 0o700,
        "secrets.yaml": 0o600,
        "redis.yaml": 0o600,
        "signing-keys.yaml": 0o600,
        "identities.json": 0o600,
    }


def _modes(directory: Path) -> dict[str, int]:
    return {path.name: path.stat().st_mode & 0o777 for path in (directory, *directory.iterdir())}


async def test_existing_secrets_are_not_replaced(generated: Path) -> None:
    before = (generated / "identities.json").read_text()
    with pytest.raises(CommandFailedError, match="has secrets already"):
        await generate(generated)
    assert (generated / "identities.json").read_text() == before


async def test_an_interrupted_generation_is_repeated(tmp_path: Path) -> None:
    """Hashes are useless if no plain-text secret was written."""
    directory = tmp_path / "secrets"
    directory.mkdir()
    for name in ("secrets.yaml", "redis.yaml.new"):
        (directory / name).write_text("half a fi")
    await generate(directory)
    plain = json.loads((directory / "identities.json").read_text())
    documents = _documents(directory)
    for service in apis():
        secret = documents[str(service.credentials)]["stringData"][KEY]
        assert secret == plain[service.client_id]
    names = {"secrets.yaml", "redis.yaml", "signing-keys.yaml", "identities.json"}
    assert _modes(directory).keys() == {"secrets", *names}


async def test_missing_secrets_are_added(generated: Path, tmp_path: Path) -> None:
    """An older version had fewer secrets."""
    older = tmp_path / "older"
    shutil.copytree(generated, older)
    (older / "redis.yaml").unlink()
    await generate(older)
    assert "redis-credentials" in _documents(older)
    assert (older / "identities.json").read_text() == (generated / "identities.json").read_text()
