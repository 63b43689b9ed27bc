"""`suitectl debug`: run one replica of a service under a debugger until Ctrl-C."""

import argparse
import asyncio
import importlib.util
from pathlib import Path

from localkube.control.state_directory import RELOAD_LOG
from suitectl.arguments import add_platform, platform_of, whole
from suitectl.catalogue import service_named
from suitectl.debugging.debug_mode import PORT
from suitectl.debugging.forward import HOST, Forward
from suitectl.debugging.session import DebugSession
from suitectl.errors import CommandFailedError
from suitectl.platform.localkube import Localkube
from suitectl.reporter import Reporter

_PERIOD_S = 0.2
_LARGEST_PORT = 65535


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    parser.add_argument("--service", help="the service to debug")
    parser.add_argument("--version", help="of one with versions, by default the first")
    parser.add_argument("--port", help=f"where the debugger attaches, by default {PORT}")


async def run(options: argparse.Namespace) -> int:
    """Debug a service of the user's own suite, which is started where it does not run."""
    platform = platform_of(options)
    if not isinstance(platform, Localkube):
        raise CommandFailedError("make debug is for localkube; in a cluster: skaffold dev -p debug")
    if importlib.util.find_spec("debugpy") is None:
        raise CommandFailedError("debugpy is not installed; run: make dev")
    if not options.service:
        raise CommandFailedError("SERVICE is missing; name the service to debug")
    service, port = service_named(options.service), _port(options.port)
    if service.language:
        reason = f"is in {service.language}, and debugpy is for Python"
        raise CommandFailedError(f"SERVICE={service.name}: {reason}")
    reporter = Reporter()
    if not platform.client.is_running() and (code := await platform.up(watch=True)):
        return code
    session = DebugSession(platform.client, service, options.version)
    forward = Forward(session.find, reporter.say)
    async with forward.listening(port):
        try:
            await session.begin()
            _explain(reporter, session.deployment, port)
            await _follow(platform, reporter)
        except asyncio.CancelledError:
            return 0  # Ctrl-C is how it is meant to end
        finally:
            forward.restarts = False
            await _end(platform, session, reporter)
    return 0


def _port(text: str | None) -> int:
    return whole("PORT", text, PORT, least=1, most=_LARGEST_PORT)


def _explain(reporter: Reporter, deployment: str, port: int) -> None:
    reporter.title(f"{deployment}: one replica, waiting for a debugger at {HOST}:{port}")
    reporter.say("VS Code   Run and Debug, “attach to make debug” (F5)")
    reporter.say("PyCharm   Run, “attach to make debug”")
    reporter.say("Ctrl-C ends it, and the service runs as before")


async def _follow(platform: Localkube, reporter: Reporter) -> None:
    """Print what is reloaded, until the suite ends."""
    log = platform.client.state.directory / RELOAD_LOG
    seen = len(_text(log))
    while platform.client.is_running():
        text = _text(log)
        for line in text[seen:].splitlines():
            reporter.say(line)
        seen = len(text)
        await asyncio.sleep(_PERIOD_S)
    raise CommandFailedError("localkube ended")


def _text(log: Path) -> str:
    """Return the whole lines that were reloaded so far."""
    try:
        text = log.read_text(encoding="utf-8")
    except OSError:
        return ""
    return text[: text.rfind("\n") + 1]


async def _end(platform: Localkube, session: DebugSession, reporter: Reporter) -> None:
    if platform.client.is_running():
        await asyncio.shield(session.end())
        reporter.say(f"{session.deployment}: runs as before")
