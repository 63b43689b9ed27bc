"""Tokens, and what a resource service lets in."""

from suitectl.command_lines import Curl
from suitectl.platform.http import Reply
from suitectl.story.cast import APP, REST, REST_SERVICE
from suitectl.story.chapter import Chapter, post_form
from suitectl.story.suite import Suite
from suitectl.tokens import CLIENT_CREDENTIALS, password_grant
from suitectl.waiting import until

PASSWORD = post_form("/oauth/token", APP, password_grant("alice"))
OWN = post_form("/oauth/token", "rest-service", CLIENT_CREDENTIALS)
WITHOUT = Curl(*REST, 2001, "/api/items", options="-i")
RIGHT = Curl(*REST, 2001, "/api/items", caller="alice")
SCOPE_POOR = Curl(*REST, 2001, "/api/echo", options="-i -X POST", caller="client:read-only-app")
COMMANDS = (PASSWORD, OWN, WITHOUT, RIGHT, SCOPE_POOR)


async def play(suite: Suite) -> None:
    """Get tokens, and call with and without them."""
    suite.reporter.command(PASSWORD)
    alice = await suite.user_token("alice")
    suite.reporter.check("alice has a token", holds="access_token" in alice, seen=_facts(alice))
    suite.reporter.command(OWN)
    service = await suite.client_token("rest-service")
    suite.reporter.check(
        "rest-service has one", holds="access_token" in service, seen=_facts(service)
    )
    suite.reporter.command(WITHOUT)
    suite.reporter.command(RIGHT)
    suite.reporter.command(SCOPE_POOR)
    await _calls(suite, alice["access_token"])


def _facts(token: dict[str, object]) -> str:
    return f"{token['token_type']}, scope {token['scope']!r}, {token['expires_in']} s"


async def _calls(suite: Suite, right: str) -> None:
    poor = (await suite.client_token("read-only-app"))["access_token"]
    expired = await _expired(suite)
    rows = [
        ("no token", 401, await suite.call(REST, "/api/items")),
        ("a wrong token", 401, await suite.call(REST, "/api/items", bearer="not-a-token")),
        ("an expired token", 401, expired),
        ("a token without scope write", 403, await _echo(suite, poor)),
        ("the right token", 200, await suite.call(REST, "/api/items", bearer=right)),
        ("the right token, POST", 200, await _echo(suite, right)),
    ]
    suite.reporter.changed(
        "GET /api/items without a token, then with alice's", rows[0][2], rows[4][2]
    )
    for what, status, reply in rows:
        seen = f"{reply.status} {reply.headers.get('WWW-Authenticate', '')}".rstrip()
        suite.reporter.check(f"{what} is {status}", holds=reply.status == status, seen=seen)


async def _echo(suite: Suite, token: str) -> Reply:
    return await suite.call(REST, "/api/echo", method="POST", bearer=token, json={"hello": "world"})


async def _expired(suite: Suite) -> Reply:
    """Return the first refusal of a token that lives for one second."""
    token = (await suite.client_token("short-lived-app"))["access_token"]
    alive = await suite.call(REST, "/api/items", bearer=token)
    suite.reporter.check(
        "a token of one second is accepted while it lives", holds=alive.ok, seen=alive.status
    )

    async def refused() -> Reply | None:
        reply = await suite.call(REST, "/api/items", bearer=token)
        return None if reply.ok else reply

    return await until(refused, what="the token to expire", seconds=5)


CHAPTER = Chapter("Tokens: who gets in, and who does not", COMMANDS, play, needs=(REST_SERVICE,))
