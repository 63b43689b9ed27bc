"""All traffic moves from one version to the other at once, and back, and nothing fails."""

import json
import time

from story.commands import Verb
from story.http import Reply, Request
from story.identities import DIFF_NS
from story.load import Tally, enough, load
from story.step import Step
from story.suite import Suite
from story.waiting import until

SERVICE = DIFF_NS[0]


def _select(version: str | None) -> Verb:
    selector = {"app": "diff-ns-service", "version": version}
    patch = json.dumps({"spec": {"selector": selector}})
    return Verb(("patch", "service", SERVICE, "-n", DIFF_NS[1], "-p", patch))


TO_V1, TO_V2, TO_BOTH = _select("v1"), _select("v2"), _select(None)
COMMANDS = (TO_V1, TO_V2, TO_BOTH)


async def play(suite: Suite) -> None:
    request = Request(
        "GET", await suite.platform.url(*DIFF_NS) + "/getservicedetail?servicename=aaa"
    )
    async with load(suite.http, [request]) as tally:
        await enough(tally, 50)
        for command, version in ((TO_V1, "v1"), (TO_V2, "v2"), (TO_V1, "v1")):
            await _switch(suite, tally, request, command, version)
    suite.tell.check("no request failed", holds=not tally.failed, seen=tally.summary())
    suite.tell.command(TO_BOTH)
    await suite.platform.run(TO_BOTH)


async def _switch(
    suite: Suite, tally: Tally, request: Request, command: Verb, version: str
) -> None:
    suite.tell.command(command)
    typed = time.time()
    await suite.platform.run(command)
    returned = time.time()
    wanted = f"diff-ns-service-{version}"

    async def arrived() -> Reply | None:
        reply = await suite.http.send(request)
        return reply if reply.body.strip() == wanted else None

    await until(arrived, what=f"{version} to answer", seconds=10, every=0.005)
    switched = time.time()
    await enough(tally, 50)
    fresh = [await suite.http.send(request) for _ in range(20)]
    only = {reply.body.strip() for reply in fresh} == {wanted}
    suite.tell.check(
        f"only {version} answers on fresh connections",
        holds=only,
        seen=f"{(switched - typed) * 1000:.0f} ms after the command was typed,"
        f" {(switched - returned) * 1000:.0f} ms after it returned",
    )


STEP = Step(
    title="Blue-green: the Service's selector moves all traffic",
    commands=COMMANDS,
    play=play,
    name="blue_green",
)
