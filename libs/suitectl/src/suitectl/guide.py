"""What `make up` prints: where everything is, and three things to try."""

from collections.abc import Iterator, Sequence

from suitectl.catalogue import (
    PROTECTED_PATH,
    TRY,
    Service,
    api_by_default,
    apis,
    live_services,
    named_if_needed,
    services,
    versioned,
)
from suitectl.errors import CommandFailedError
from suitectl.platform.platform import Platform
from suitectl.reporter import Reporter

WIDTH, LINES = 80, 25
_TRIED = 3
_MOST_SERVICES = LINES - _TRIED - 9
"""What is left beside headings, the last line and a line or two of progress."""


async def guide(platform: Platform, reporter: Reporter) -> None:
    """Print at most `LINES` lines of at most `WIDTH` columns."""
    found = list(services().values())
    shown = found if len(found) <= _MOST_SERVICES else found[: _MOST_SERVICES - 1]
    rows = [
        (one.name, await _url(platform, one), one.annotation(TRY, "").partition(",")[0])
        for one in shown
    ]
    reporter.title("Where everything is; those in Python show their API at /docs")
    for line in _columns(rows):
        reporter.say(line)
    if hidden := len(found) - len(shown):
        reporter.say(f"and {hidden} more: ./localkube get services -A")
    reporter.title("What to try")
    for line in things_to_try()[:_TRIED]:
        reporter.say(line)
    reporter.title("make try  shows more    make watch  each reload    make down  stops it")


def things_to_try() -> Sequence[str]:
    """Return short commands for the services there are."""
    return [*_calls(), *_greetings(), *_releases(), "make kill", "make demo"]


def _calls() -> Iterator[str]:
    default = api_by_default()
    for one in [default] if default else apis()[:1]:
        named = "" if default else f" SERVICE={one.name}"
        yield f"make call{named} PATH={one.annotation(PROTECTED_PATH, '/api/me')} USER=alice"


def _greetings() -> Iterator[str]:
    if len(live_services()) == 1:
        yield "make greet TEXT='Good morning'"


def _releases() -> Iterator[str]:
    for one in list(versioned().values())[:1]:
        yield f"make canary{named_if_needed(one)} V1=1 V2=4"


async def _url(platform: Platform, service: Service) -> str:
    try:
        return await platform.url(*service.address)
    except CommandFailedError:
        return "not running: make down, make up"


def _columns(rows: Sequence[tuple[str, str, str]]) -> Iterator[str]:
    """Align columns, and cut what does not fit."""
    widths = [max(len(row[column]) for row in rows) for column in (0, 1)]
    room = WIDTH - 2
    for name, url, path in rows:
        line = f"{name:{widths[0]}}  {url:{widths[1]}}  {path}".rstrip()
        yield line if len(line) <= room else line[: room - 1] + "…"
