"""A service calls another in a different namespace, in the caller's name and in its own."""

from http import HTTPStatus

from suitectl.command_lines import Curl
from suitectl.story.cast import DIFF_NS, DIFF_NS_SERVICE, PATH, REST, REST_SERVICE
from suitectl.story.chapter import Chapter
from suitectl.story.suite import Suite

OPEN = Curl(*DIFF_NS, 2001, PATH)
RELAYED = Curl(*REST, 2001, "/api/detail/relayed", caller="alice")
OWN = Curl(*REST, 2001, "/api/detail/own", caller="alice")
COMMANDS = (OPEN, RELAYED, OWN)


async def play(suite: Suite) -> None:
    """Call both ways, and without a token."""
    token = (await suite.user_token("alice"))["access_token"]
    suite.reporter.command(OPEN)
    line = await suite.call(DIFF_NS, OPEN.path)
    suite.reporter.check(
        "diff-ns-service names its version",
        holds=line.body.strip() == "diff-ns-service-v1",
        seen=line.body.strip(),
    )
    replies = []
    for command, caller in ((RELAYED, "alice"), (OWN, "rest-service")):
        suite.reporter.command(command)
        reply = await suite.call(REST, command.path, bearer=token)
        replies.append(reply)
        seen = reply.json().get("caller") if reply.ok else f"{reply.status} {reply.body}"
        suite.reporter.check(f"there the caller is {caller}", holds=seen == caller, seen=seen)
    suite.reporter.changed("GET /api/detail/relayed, then /api/detail/own", *replies)
    refused = await suite.call(REST, OWN.path)
    suite.reporter.check(
        "without a token it is not called at all",
        holds=refused.status == HTTPStatus.UNAUTHORIZED,
        seen=refused.status,
    )


CHAPTER = Chapter(
    "Calls across namespaces, both ways of authorising",
    COMMANDS,
    play,
    needs=(REST_SERVICE, DIFF_NS_SERVICE),
)
