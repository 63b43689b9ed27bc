"""The generated Secrets of `k8s/base`: created once, and updated for this version."""

import asyncio
import base64
import hashlib
import json
import sys
from pathlib import Path

import pytest
from pydantic import SecretStr

from cas_server.signing.key_files import read_keys
from chassis.jwt.algorithms import ALGORITHMS
from suitectl.deploy import deploy
from suitectl.errors import CommandFailedError
from suitectl.platform.kubernetes import Kubernetes
from suitectl.root import ROOT
from suitectl.secrets import dev as dev_secrets
from suitectl.secrets.dev import STORE, USERS, documents, ensure
from suitectl.secrets.signing_keys import PREFIX
from suitectl.secrets.signing_keys import SECRET as SIGNING_KEYS
from unit.suitectl import fake_kubectl

pytestmark = pytest.mark.anyio

PASSWORD = "spring.data.redis.password"
APPLY = "apply -f -"
RESTART = "rollout restart deployment/redis-deployment -n system-server"


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FAKE_CLUSTER", str(tmp_path))
    return tmp_path


@pytest.fixture
def kubectl(cluster: Path) -> Kubernetes:
    del cluster
    return Kubernetes((sys.executable, str(fake_kubectl.__file__)))


async def test_cas_server_gets_the_password_whose_digest_redis_has(
    kubectl: Kubernetes, cluster: Path
) -> None:
    await ensure(kubectl)
    digest = hashlib.sha256(_data(cluster, STORE)[PASSWORD].encode()).hexdigest()
    first, second = _data(cluster, USERS)["users.acl"].splitlines()
    assert first.split()[:3] == ["user", "default", "off"]
    assert "nopass" not in first
    assert second.startswith(f"user cas-server on #{digest} ~t:* ")


async def test_there_is_a_signing_key_for_each_algorithm(
    kubectl: Kubernetes, cluster: Path
) -> None:
    """Without one there were no OpenID Connect and no signed tokens in a development suite."""
    await ensure(kubectl)
    files = _data(cluster, SIGNING_KEYS)
    keys = {name.removeprefix(PREFIX): SecretStr(pem) for name, pem in files.items()}
    assert sorted(one.key.algorithm for one in read_keys(keys)) == sorted(ALGORITHMS)


async def test_a_second_run_changes_nothing(kubectl: Kubernetes, cluster: Path) -> None:
    await ensure(kubectl)
    before = [_data(cluster, name) for name in (STORE, USERS, SIGNING_KEYS)]
    await ensure(kubectl)
    assert [_data(cluster, name) for name in (STORE, USERS, SIGNING_KEYS)] == before
    assert RESTART not in _verbs(cluster)


async def test_the_record_key_never_changes_and_is_not_sent_to_redis(
    kubectl: Kubernetes, cluster: Path
) -> None:
    """Another key would invalidate every token, and anyone who has it can forge tokens."""
    await ensure(kubectl)
    key = _data(cluster, STORE)["record-keys"]
    await ensure(kubectl)
    assert _data(cluster, STORE)["record-keys"] == key
    assert len(key) >= 43
    assert key not in str(_data(cluster, USERS))


async def test_concurrent_runs_agree_on_one_password(kubectl: Kubernetes, cluster: Path) -> None:
    await asyncio.gather(*(ensure(kubectl) for _ in range(6)))
    digest = hashlib.sha256(_data(cluster, STORE)[PASSWORD].encode()).hexdigest()
    assert f"#{digest} " in _data(cluster, USERS)["users.acl"]


async def test_changed_permissions_restart_redis(
    kubectl: Kubernetes, cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Redis reads the file only at its start, and a newer version may need other commands."""
    await ensure(kubectl)
    password = _data(cluster, STORE)[PASSWORD]
    (rights := tmp_path / "rights").write_text("~x:* +get\n")
    monkeypatch.setattr(dev_secrets, "RIGHTS", rights)
    await ensure(kubectl)
    assert _data(cluster, STORE)[PASSWORD] == password
    assert _data(cluster, USERS)["users.acl"].endswith(" ~x:* +get\n")
    assert _verbs(cluster).count(RESTART) == 1


async def test_missing_keys_of_an_older_secret_are_added(
    kubectl: Kubernetes, cluster: Path
) -> None:
    await ensure(kubectl)
    store = json.loads((cluster / STORE).read_text())
    password = _data(cluster, STORE)[PASSWORD]
    del store["data"]["spring.data.redis.username"]
    (cluster / STORE).write_text(json.dumps(store))
    await ensure(kubectl)
    added, found = documents()[0]["stringData"], _data(cluster, STORE)
    assert found.keys() == added.keys()
    assert (found[PASSWORD], found["spring.data.redis.username"]) == (password, "cas-server")


async def test_no_password_is_passed_as_an_argument(kubectl: Kubernetes, cluster: Path) -> None:
    await ensure(kubectl)
    assert _data(cluster, STORE)[PASSWORD] not in _verbs(cluster)


async def test_deploying_the_base_creates_secrets_before_pods(
    kubectl: Kubernetes, cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suitectl.deploy.SECRETS", tmp_path / "none")
    await deploy(ROOT / "k8s/base", {}, kubectl)
    did = _verbs(cluster).splitlines()
    created, applied = did.index("create -f -"), [n for n, verb in enumerate(did) if verb == APPLY]
    assert applied[0] < created < applied[-1], "namespaces, Secrets, everything else"
    assert _data(cluster, STORE)
    assert _data(cluster, USERS)


async def test_an_overlay_with_its_own_redis_needs_other_secrets(
    kubectl: Kubernetes, cluster: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("suitectl.deploy.SECRETS", tmp_path / "none")
    with pytest.raises(CommandFailedError, match=r"redis-credentials.*: make secrets"):
        await deploy(ROOT / "k8s/overlays/prod", {}, kubectl)
    assert "create" not in _verbs(cluster)


def _data(cluster: Path, name: str) -> dict[str, str]:
    data = json.loads((cluster / name).read_text())["data"]
    return {key: base64.b64decode(value).decode() for key, value in data.items()}


def _verbs(cluster: Path) -> str:
    return (cluster / "verbs").read_text()
