"""Smoke-tests a version through the preview Service: it serves, and requires a token."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from suitectl.command_lines import Verb
from suitectl.errors import ReleaseFailedError
from suitectl.platform.http import Http, Reply, Request, Sender
from suitectl.platform.platform import Platform
from suitectl.release.probes import PATH, summary
from suitectl.release.release import APP, NAMESPACE, PREVIEW
from suitectl.reporter import Reporter
from suitectl.shell import end, first_line

PROTECTED = "/api/detail"
TIMES = 10
SLOWEST_S = 2.0
_OK, _UNAUTHORIZED = 200, 401
_FORWARDED_WITHIN = 20.0


async def smoke(platform: Platform, reporter: Reporter, version: str) -> None:
    """Test a version at the preview Service; raise `ReleaseFailedError` for a wrong response."""
    async with _preview(platform, reporter) as base, Http() as http:
        for _ in range(TIMES):
            await _responds(http, base, version)
            await _refuses(http, base, version)
    reporter.good(f"{version} passes the smoke test, {TIMES} times: {PATH} 200, {PROTECTED} 401")


async def _responds(http: Sender, base: str, version: str) -> None:
    reply = await http.send(Request("GET", base + PATH))
    if reply.status != _OK or reply.body.strip() != f"{APP}-{version}":
        raise _failed(version, PATH, reply, f"200 {APP}-{version}")
    if reply.elapsed > SLOWEST_S:
        raise ReleaseFailedError(
            f"{version} fails the smoke test: GET {PATH} took {reply.elapsed:.1f} s"
        )


async def _refuses(http: Sender, base: str, version: str) -> None:
    """Check that without a token there is 401 with an `error` (RFC 6750, 3)."""
    reply = await http.send(Request("GET", base + PROTECTED))
    if reply.status != _UNAUTHORIZED or not _has_error(reply):
        raise _failed(version, PROTECTED, reply, "401 with error")


def _has_error(reply: Reply) -> bool:
    try:
        return bool(reply.json()["error"])
    except (json.JSONDecodeError, KeyError, TypeError):
        return False


def _failed(version: str, path: str, reply: Reply, wanted: str) -> ReleaseFailedError:
    reason = f"GET {path} expects {wanted}, got {summary(reply)}"
    return ReleaseFailedError(f"{version} fails the smoke test: {reason}")


@asynccontextmanager
async def _preview(platform: Platform, reporter: Reporter) -> AsyncIterator[str]:
    """Yield the preview Service's URL: its address on localkube, a forwarded port on a cluster."""
    if platform.name == "localkube":
        yield await platform.url(PREVIEW, NAMESPACE)
        return
    arguments = ("port-forward", f"service/{PREVIEW}", ":2001", "-n", NAMESPACE)
    reporter.command(Verb(arguments))
    process = await platform.start(*arguments)
    try:
        line = await first_line(process, platform.line(*arguments), seconds=_FORWARDED_WITHIN)
        yield "http://" + line.removeprefix("Forwarding from ").split(" ")[0]
    finally:
        await end(process)
