"""Smoke-tests a version through the preview Service: it serves, and requires a token."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from suitectl.catalogue import PROTECTED_PATH, VERSION_PATH
from suitectl.command_lines import Verb
from suitectl.errors import ReleaseFailedError
from suitectl.platform.http import Http, Reply, Request, Sender
from suitectl.release.probes import summary
from suitectl.release.releases import Releases
from suitectl.shell import end, first_line

TIMES = 10
SLOWEST_S = 2.0
_OK, _UNAUTHORIZED = 200, 401
_FORWARDED_WITHIN = 20.0


async def smoke(releases: Releases, version: str) -> None:
    """Ask a version at the preview Service; raise `ReleaseFailedError` for a wrong response."""
    service = releases.service
    opened, protected = service.annotation(VERSION_PATH), service.annotation(PROTECTED_PATH)
    async with _preview(releases) as base, Http() as http:
        for _ in range(TIMES):
            await _responds(http, base, opened, version)
            await _refuses(http, base, protected, version)
    releases.reporter.good(f"{version} passes the smoke test, {TIMES} times:")
    releases.reporter.say(f"  {opened} 200, {protected} 401")


async def _responds(http: Sender, base: str, path: str, version: str) -> None:
    reply = await http.send(Request("GET", base + path))
    if reply.status != _OK or reply.body.strip().rpartition("-")[2] != version:
        raise _failed(version, path, reply, f"200 with {version}")
    if reply.elapsed > SLOWEST_S:
        raise ReleaseFailedError(
            f"{version} fails the smoke test: GET {path} took {reply.elapsed:.1f} s"
        )


async def _refuses(http: Sender, base: str, path: str, version: str) -> None:
    """Check that without a token there is 401 with an `error` (RFC 6750, 3)."""
    reply = await http.send(Request("GET", base + path))
    if reply.status != _UNAUTHORIZED or not _has_error(reply):
        raise _failed(version, path, reply, "401 with error")


def _has_error(reply: Reply) -> bool:
    try:
        return bool(reply.json()["error"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return False


def _failed(version: str, path: str, reply: Reply, wanted: str) -> ReleaseFailedError:
    reason = f"GET {path} expects {wanted}, got {summary(reply)}"
    return ReleaseFailedError(f"{version} fails the smoke test: {reason}")


@asynccontextmanager
async def _preview(releases: Releases) -> AsyncIterator[str]:
    """Have the preview Service's URL: its own address on localkube, a forwarded port elsewhere."""
    platform, service = releases.platform, releases.service
    if platform.name == "localkube":
        yield await platform.url(service.preview, service.namespace)
        return
    where = (f"service/{service.preview}", f":{service.port}", "-n", service.namespace)
    arguments = ("port-forward", *where)
    releases.reporter.change("", Verb(arguments))
    process = await platform.start(*arguments)
    try:
        line = await first_line(process, platform.line(*arguments), seconds=_FORWARDED_WITHIN)
        yield "http://" + line.removeprefix("Forwarding from ").split(" ")[0]
    finally:
        await end(process)
