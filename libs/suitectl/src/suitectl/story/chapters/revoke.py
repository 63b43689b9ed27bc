"""A revoked token is dead at once at cas-server, and soon at the services."""

import asyncio
from http import HTTPStatus

from suitectl.command_lines import Shell
from suitectl.platform.http import Reply, Request
from suitectl.platform.pod import Pod
from suitectl.story.cast import APP, REST_SERVICE
from suitectl.story.chapter import Chapter, post_form
from suitectl.story.suite import Suite, ready_pods
from suitectl.waiting import until

CACHE_TTL_S = 2.0
"""security.oauth2.resource.cache-ttl as it comes."""
MARGIN_S = 0.5
A_TOKEN = Shell("TOKEN=$(make -s token USER=alice)")
REVOKE = post_form("/oauth/revoke", APP, {"token": "$TOKEN"})
CHECK = post_form("/oauth/check_token", "rest-service", {"token": "$TOKEN"})
COMMANDS = (A_TOKEN, REVOKE, CHECK)


async def play(suite: Suite) -> None:
    """Revoke a token that every pod has cached."""
    token = (await suite.user_token("alice"))["access_token"]
    pods = await ready_pods(suite.platform, "rest-service", "system-server")
    before = await _me(suite, pods[0], token)
    for pod in pods:
        known = await _me(suite, pod, token)
        suite.reporter.check(f"{pod.name} knows the token", holds=known.ok, seen=known.status)
    suite.reporter.command(REVOKE)
    revoked = await suite.post("/oauth/revoke", APP, {"token": token})
    suite.reporter.check("the token is revoked", holds=revoked.ok, seen=revoked.status)
    suite.reporter.command(CHECK)
    await _refused_at_once(suite, token, revoked)
    await asyncio.gather(*(_refused_soon(suite, pod, token, revoked) for pod in pods))
    suite.reporter.changed("GET /api/me", before, await _me(suite, pods[0], token))


async def _me(suite: Suite, pod: Pod, token: str) -> Reply:
    url = await suite.platform.pod_url(pod)
    return await suite.http.send(Request("GET", f"{url}/api/me", bearer=token))


async def _refused_at_once(suite: Suite, token: str, revoked: Reply) -> None:
    checked = await suite.post("/oauth/check_token", "rest-service", {"token": token})
    seen = f"{checked.status}, {(checked.ended - revoked.ended) * 1000:.0f} ms after"
    dead = checked.status == HTTPStatus.BAD_REQUEST and checked.json()["error"] == "invalid_token"
    suite.reporter.check("check_token refuses it at the first call", holds=dead, seen=seen)


async def _refused_soon(suite: Suite, pod: Pod, token: str, revoked: Reply) -> None:
    """Check the start of the last accepted call: a slow refusal accepts nobody."""
    accepted = revoked.ended

    async def refused() -> Reply | None:
        nonlocal accepted
        reply = await _me(suite, pod, token)
        if reply.ok:
            accepted = reply.started
        return reply if reply.status == HTTPStatus.UNAUTHORIZED else None

    await until(refused, what=f"{pod.name} to refuse", seconds=10, every=0.02)
    took = accepted - revoked.ended
    suite.reporter.check(
        f"{pod.name} refuses it within its cache-ttl of {CACHE_TTL_S:g} s",
        holds=took <= CACHE_TTL_S + MARGIN_S,
        seen=f"the last accepted call began {took:.2f} s after",
    )


CHAPTER = Chapter("A token is revoked", COMMANDS, play, needs=(REST_SERVICE,))
