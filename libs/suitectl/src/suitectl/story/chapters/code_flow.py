"""A login with the authorization code flow, driven as a browser goes through it."""

from collections.abc import Mapping
from typing import Any

from suitectl.command_lines import Curl, Shell
from suitectl.identities import public_client
from suitectl.login.authorization import Authorization
from suitectl.login.visitor import Visitor
from suitectl.platform.http import Reply, Request
from suitectl.story.cast import CAS, REST, REST_SERVICE
from suitectl.story.chapter import Chapter
from suitectl.story.suite import Suite

REDIRECT_URI = "http://127.0.0.1/callback"
METADATA = "/.well-known/oauth-authorization-server"
USER = "alice"
LOGIN = Shell(f"make login USER={USER}")
_WITH_TOKEN = Shell(f"TOKEN=$(make -s login USER={USER} TOKEN=1 | tail -1)")
_ME = Curl(*REST, 2001, "/api/me", options='-H "Authorization: Bearer $TOKEN"')
COMMANDS = (LOGIN, _WITH_TOKEN, _ME)


async def play(suite: Suite) -> None:
    """Log in, use the token, try the code twice, come back without a password, and log out."""
    steps: list[str] = []

    def told(method: str, path: str, status: int, what: str) -> None:
        steps.append(what)
        suite.reporter.say(f"{method:4} {path:25} {status}  {what}")

    visitor = Visitor(suite.http, await suite.platform.url(*CAS), told)
    suite.reporter.command(LOGIN)
    before = await suite.call(REST, "/api/me")
    form = await redeemable(suite, visitor)
    suite.reporter.check("alice was asked for her password", holds="asks who you are" in steps)
    tokens = await _redeemed(suite, form)
    after = await suite.call(REST, "/api/me", bearer=tokens["access_token"])
    suite.reporter.changed("GET /api/me without a token, then with hers", before, after)
    suite.reporter.check("rest-service lets her in", holds=after.ok, seen=after.status)
    await _twice(suite, form, tokens["access_token"])
    steps.clear()
    await redeemable(suite, visitor)
    # What demo-cli may do is asked again: any program on this machine can be there in its name.
    known = "asks who you are" not in steps
    suite.reporter.check("her session needs no password", holds=known, seen=len(steps))
    left = await visitor.log_out()
    suite.reporter.check("she is logged out", holds=left.ok, seen=left.status)
    steps.clear()
    await redeemable(suite, visitor)
    suite.reporter.check("the next one asks again", holds="asks who you are" in steps)
    await visitor.log_out()


async def redeemable(suite: Suite, visitor: Visitor) -> Mapping[str, Any]:
    """Go through the flow, and return the form that exchanges the code."""
    request = Authorization(public_client(), REDIRECT_URI)
    location = await visitor.authorize(request, USER, await suite.password(USER))
    metadata = await suite.call(CAS, METADATA)
    return request.exchange(request.code_of(location, str(metadata.json()["issuer"])))


async def exchanged(suite: Suite, form: Mapping[str, Any]) -> Reply:
    """Exchange a code."""
    url = await suite.platform.url(*CAS)
    return await suite.http.send(Request("POST", f"{url}/oauth/token", form=form))


async def _redeemed(suite: Suite, form: Mapping[str, Any]) -> Mapping[str, Any]:
    reply = await exchanged(suite, form)
    suite.reporter.check("the code is exchanged for tokens", holds=reply.ok, seen=reply.status)
    tokens: Mapping[str, Any] = reply.json()
    return tokens


async def _twice(suite: Suite, form: Mapping[str, Any], token: str) -> None:
    """Exchange a code again: nothing is issued, and what was issued for it ends."""
    asked = {"token": token}
    before = await suite.post("/oauth/check_token", REST_SERVICE, asked)
    again = await exchanged(suite, form)
    suite.reporter.check(
        "a code is good for one exchange",
        holds=not again.ok and again.json()["error"] == "invalid_grant",
        seen=again.status,
    )
    after = await suite.post("/oauth/check_token", REST_SERVICE, asked)
    suite.reporter.changed("POST /oauth/check_token, before and after that", before, after)
    suite.reporter.check("whoever stole it has nothing", holds=before.ok and not after.ok)


CHAPTER = Chapter("A login with the code flow", COMMANDS, play, needs=(REST_SERVICE,))
