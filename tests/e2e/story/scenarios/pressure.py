"""The steady load of POST and GET requests during every scenario."""

from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

from story.patience import is_refusal
from suitectl.platform.http import Reply, Request
from suitectl.story.cast import DIFF_NS, PATH
from suitectl.story.chapters.faults import requests_of
from suitectl.story.load import Tally, enough, load
from suitectl.story.suite import Suite

WARM = 50


@asynccontextmanager
async def pressure(suite: Suite, *, fresh: bool = True) -> AsyncIterator[Tally]:
    """Send requests to rest-service, which calls the other services, during the block."""
    async with load(suite.http, await requests_of(suite), fresh=fresh) as tally:
        await enough(tally, WARM)
        yield tally
        await enough(tally, WARM)


async def detail(suite: Suite) -> Request:
    """Return the request whose response names the version of diff-ns-service."""
    return Request("GET", await suite.platform.url(*DIFF_NS) + PATH)


def nothing_failed(suite: Suite, tally: Tally) -> str:
    """Check that every response was 2xx, and return the count."""
    suite.reporter.check("no request failed", holds=not tally.failed, seen=tally.summary())
    return f"0 of {len(tally.replies):,} failed"


def only_refused(suite: Suite, replies: Sequence[Reply], what: str) -> str:
    """Check that every failure was a refusal, which a client tries again; return the count."""
    failed = [reply for reply in replies if not reply.ok]
    refused = [reply for reply in failed if is_refusal(reply)]
    others = Counter(f"{r.status} {r.body[:80]}" for r in failed if r not in refused)
    suite.reporter.check(
        f"{what}: nothing but 2xx, and 503 with Retry-After",
        holds=not others,
        seen=f"{len(refused)} x 503 of {len(replies)}" + (f"; {dict(others)}" if others else ""),
    )
    return f"{len(refused)} of {len(replies):,} {what} refused by 503"


def span(replies: Sequence[Reply]) -> float:
    """Return the seconds from the first to the last of these replies, or 0 if there are none."""
    if not replies:
        return 0.0
    return max(one.ended for one in replies) - min(one.started for one in replies)
