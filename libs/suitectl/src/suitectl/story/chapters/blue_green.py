"""All traffic moves from one version to the other at once, and back, and nothing fails."""

import time
from collections.abc import Sequence

from suitectl.command_lines import Verb
from suitectl.platform.http import Reply, Request
from suitectl.story.cast import DIFF_NS, DIFF_NS_SERVICE, GREETING, PATH
from suitectl.story.chapter import Chapter
from suitectl.story.load import Tally, enough, load
from suitectl.story.selector import TO_V1, TO_V2
from suitectl.story.suite import Suite
from suitectl.waiting import until

STREAK = 20
"""Fresh connections in a row to one version, which are no coincidence while both get traffic."""

COMMANDS = (TO_V2, TO_V1)


async def play(suite: Suite) -> None:
    """Switch to one version, and to the other, under load."""
    request = Request("GET", await suite.platform.url(*DIFF_NS) + PATH)
    async with load(suite.http, [request]) as tally:
        await enough(tally, 50)
        for command, version in ((TO_V2, "v2"), (TO_V1, "v1")):
            await _switch(suite, tally, request, command, version)
    suite.reporter.check("no request failed", holds=not tally.failed, seen=tally.summary())


async def _switch(
    suite: Suite, tally: Tally, request: Request, command: Verb, version: str
) -> None:
    before = await suite.call(DIFF_NS, GREETING)
    typed = time.time()
    await suite.run(command, show=True)
    returned = time.time()
    wanted = f"diff-ns-service-{version}"

    async def arrived() -> Reply | None:
        fresh = [await suite.http.send(request) for _ in range(STREAK)]
        return fresh[0] if _versions(fresh) == {wanted} else None

    first = await until(arrived, what=f"only {version} to respond", seconds=30, every=0.005)
    await enough(tally, 50)
    fresh = [await suite.http.send(request) for _ in range(STREAK)]
    suite.reporter.check(
        f"only {version} responds on fresh connections",
        holds=_versions(fresh) == {wanted},
        seen=f"{(first.ended - typed) * 1000:.0f} ms after the command was typed,"
        f" {(first.ended - returned) * 1000:.0f} ms after it returned",
    )
    suite.reporter.changed(f"GET {GREETING}", before, await suite.call(DIFF_NS, GREETING))


def _versions(replies: Sequence[Reply]) -> set[str]:
    return {reply.body.strip() for reply in replies}


CHAPTER = Chapter(
    "Blue-green: the Service's selector moves all traffic", COMMANDS, play, needs=(DIFF_NS_SERVICE,)
)
