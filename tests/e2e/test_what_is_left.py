"""After all other tests: Redis, logs, traces and metrics have no token, code, secret or password.

docs/design/protocol.md, "Secrets". Redis' append-only file has each value that was ever written;
the logs have the traces.
"""

import base64
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from story.recorded import Recorded, Sought

from suitectl.catalogue import registrations
from suitectl.identities import login_client
from suitectl.platform.http import Request
from suitectl.platform.localkube import Localkube
from suitectl.story.suite import Suite
from suitectl.waiting import until

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(300)]
_CREDENTIALS = ("cas-server-store", "cas-server-signing-keys")
_NO_SECRETS = ("username",)
_PASSWORD = "a-wrong-password-of-alice"


async def test_nothing_has_a_token_a_code_a_secret_or_a_password(
    suite: Suite, recorded: Recorded, state: Path
) -> None:
    if not isinstance(suite.platform, Localkube):
        pytest.skip("on localkube")
    tokens = await _used(suite)
    assert {*tokens, _PASSWORD} <= recorded.secrets
    await _written(state)
    sought = Sought([*recorded.secrets, *[one async for one in _mounted(suite)]])
    left = {str(path): sought.found_in(path.read_bytes()) for path in _files(state)}
    left |= {url: sought.found_in(text) async for url, text in _pages(suite)}
    assert any("appendonly" in place for place in left)
    assert any(Sought(["alice"]).found_in(path.read_bytes()) for path in _files(state))
    assert sum(place.endswith("/metrics") for place in left) >= len(await suite.platform.pods()) - 1
    # Not the secrets themselves: they would be in the log of the tests.
    assert {place: len(found) for place, found in left.items() if found} == {}


async def _used(suite: Suite) -> list[str]:
    """Use tokens in each way, wrong ones too, and return them."""
    client, clients = login_client(), registrations()["clients"]
    checker = next(name for name, one in clients.items() if one.get("check-tokens"))
    first = await suite.user_token("alice")
    form = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = (await suite.post("/oauth/token", client, form)).json()
    tokens = [one[name] for one in (first, second) for name in ("access_token", "refresh_token")]
    for token in tokens:
        await suite.post("/oauth/check_token", checker, {"token": token})
        await suite.post("/oauth/introspect", checker, {"token": token})
        for pod in await suite.platform.pods():
            if pod.labels.get("suite/service"):
                url = await suite.platform.pod_url(pod)
                await suite.http.send(Request("GET", f"{url}/api/me", bearer=token))
                await suite.http.send(Request("GET", f"{url}/api/me?access_token={token}"))
                await suite.http.send(Request("GET", f"{url}/oauth/authorize?code={token}"))
    wrong = {"grant_type": "password", "username": "alice", "password": _PASSWORD}
    await suite.post("/oauth/token", client, wrong)
    await suite.post("/oauth/token", client, form)
    await suite.post("/oauth/revoke", client, {"token": second["access_token"]})
    return tokens


async def _written(state: Path) -> None:
    """Wait until Redis' file grows no more: it is flushed each second."""
    size = -1

    async def is_whole() -> bool:
        nonlocal size
        before, size = size, sum(path.stat().st_size for path in _files(state))
        return before == size

    await until(is_whole, what="the files to be whole", seconds=60, every=1.5)


async def _mounted(suite: Suite) -> AsyncIterator[str]:
    """Yield the generated secrets, and lines of the private keys."""
    for one in await suite.platform.objects("secrets", "system-server"):
        if one["metadata"]["name"] in _CREDENTIALS:
            for name, value in one["data"].items():
                if not name.endswith(_NO_SECRETS):
                    for line in base64.b64decode(value).decode().splitlines():
                        if not line.startswith("-----"):
                            yield line


def _files(state: Path) -> Iterator[Path]:
    """Yield logs, what pods have written, and Redis' data; the mounts themselves aside."""
    for path in state.rglob("*"):
        if path.is_file() and not path.is_symlink():
            volume = path.relative_to(state).parts[4:5]
            if volume not in {("config",), ("secrets",), ("users",)}:
                yield path


async def _pages(suite: Suite) -> AsyncIterator[tuple[str, bytes]]:
    """Yield the metrics and the information of each service's pod."""
    for pod in await suite.platform.pods():
        ports = {
            port.get("name"): port["containerPort"]
            for port in pod.document["spec"]["containers"][0].get("ports", ())
        }
        for path in ("metrics", "info") if "management" in ports else ():
            url = f"http://{pod.ip}:{ports['management']}/{path}"
            reply = await suite.http.send(Request("GET", url))
            assert reply.ok, (url, reply.status)
            yield url, reply.body.encode()
