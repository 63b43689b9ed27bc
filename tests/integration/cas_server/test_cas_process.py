"""cas-server as a process: its logs, its probes, and its shutdown."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from chassis.testing.redis_process import RedisProcess
from chassis.testing.service_process import ServiceProcess
from eventually import PATIENCE_S
from integration.cas_server.cas_process import cas_process
from integration.cas_server.world import BASIC
from redis_process import store
from suitectl.waiting import until


@pytest.fixture
def process(
    own_redis: RedisProcess, identities: dict[str, object], tmp_path: Path
) -> Iterator[ServiceProcess]:
    (tmp_path / "config").mkdir()
    settings = {
        **store(own_redis.port),
        "logging.level.root": "DEBUG",
        "logging.level.chassis.access": "DEBUG",
    }
    with cas_process(tmp_path / "config", identities, settings) as running:
        yield running


async def _post(cas: ServiceProcess, path: str, client: str, **form: str) -> httpx.Response:
    async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http:
        return await http.post(cas.url + path, data=form, auth=(client, BASIC[client]))


async def _secrets_used(cas: ServiceProcess) -> set[str]:
    """Send typical requests, including failing ones; return every secret they used."""
    password = {"grant_type": "password", "username": "alice", "password": BASIC["alice"]}
    first = (await _post(cas, "/oauth/token", "demo-app", **password)).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = (await _post(cas, "/oauth/token", "demo-app", **refresh)).json()
    await _post(cas, "/oauth/token", "demo-app", **{**refresh, "refresh_token": "a" * 43})
    wrong = {**password, "password": "wrong-pass-word"}
    await _post(cas, "/oauth/token", "demo-app", **wrong)
    token = second["access_token"]
    await _post(cas, "/oauth/check_token", "order-service", token=token)
    await _post(cas, "/oauth/introspect", "order-service", token=token)
    await _post(cas, "/oauth/revoke", "demo-app", token=token)
    async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http:
        await http.get(f"{cas.url}/oauth/token?client_secret={BASIC['demo-app']}")
        headers = {"authorization": f"Bearer {first['access_token']}"}
        await http.get(f"{cas.url}/api/v1/user", headers=headers)
    tokens = {pair[kind] for pair in (first, second) for kind in ("access_token", "refresh_token")}
    return tokens | {BASIC["alice"], BASIC["demo-app"], BASIC["order-service"], "wrong-pass-word"}


@pytest.mark.anyio
async def test_debug_logs_contain_no_token_and_no_secret(process: ServiceProcess) -> None:
    """docs/design/protocol.md, "Secrets"."""
    secrets = await _secrets_used(process)
    assert process.end() == 0
    assert "/oauth/revoke" in process.output, "the log describes what happened"
    assert not [secret for secret in secrets if secret in process.output]


@pytest.mark.anyio
async def test_without_redis_the_service_is_alive_and_not_ready_until_redis_returns(
    process: ServiceProcess, own_redis: RedisProcess
) -> None:
    """docs/design/reliability.md, "Redis away": alive, not ready, recovers by itself."""
    async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http:

        async def readiness() -> int:
            return (await http.get(process.management + "/readyz")).status_code

        async def unready() -> bool:
            return await readiness() == 503

        async def ready() -> bool:
            return await readiness() == 200

        await until(ready, what="readiness", seconds=PATIENCE_S)
        own_redis.stop()
        await until(unready, what="readiness to fail", seconds=PATIENCE_S)
        assert (await http.get(process.management + "/livez")).status_code == 200
        own_redis.start()
        await until(ready, what="recovery", seconds=PATIENCE_S)
    form = {"grant_type": "client_credentials"}
    assert (await _post(process, "/oauth/token", "demo-app", **form)).status_code == 200


def test_an_invalid_identity_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    """Bad input: one line names the file, the key and the remedy."""
    (tmp_path / "application.yaml").write_text("clients:\n  app:\n    client-secret: plain\n")
    done = subprocess.run(
        [sys.executable, "-m", "cas_server"],
        env={**os.environ, "CONFIG_DIR": str(tmp_path), "SECRETS_DIR": str(tmp_path / "none")},
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert "application.yaml:" in done.stderr
    assert "clients.app." in done.stderr
    assert "plain" not in done.stderr
