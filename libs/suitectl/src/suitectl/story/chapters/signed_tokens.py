"""Tokens that services verify themselves, and the key that signs them is rotated."""

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from suitectl.command_lines import Curl, Patch, Verb, verb
from suitectl.platform.http import Reply, Request
from suitectl.platform.pod import Pod
from suitectl.secrets.in_cluster import NAMESPACE
from suitectl.secrets.signing_keys import SECRET, new_key
from suitectl.story.cast import APP, CAS, REST, REST_SERVICE
from suitectl.story.chapter import Chapter
from suitectl.story.load import enough, load
from suitectl.story.signed_token import algorithm_and_key, is_signed
from suitectl.story.suite import Suite, ready_pods
from suitectl.tokens import CLIENT_CREDENTIALS
from suitectl.waiting import until

LEAD_S: Mapping[str, float] = {"localkube": 12, "kubernetes": 45}
"""Seconds from a new key's file until it signs: a kubelet takes a while to bring it.

More than the 5 s between two fetches of an unknown key. Ten minutes are the usual lead.
"""
ISSUER = "http://cas-server-service"
_JWKS = "/oauth/jwks"
_WITHIN_S = 120.0


PATCH = verb(f"patch secret {SECRET} -n {NAMESPACE}")


def _key(lead: float) -> Patch:
    return Patch(PATCH, f".venv/bin/python -m suitectl dev-secrets --signing-key {lead:g}")


def _edit(name: str, script: str) -> Verb:
    return verb(f"edit configmap {name} -n {NAMESPACE}", editor=f"sed -i '{script}'")


def _verify(issuer: str) -> Verb:
    """Return the edit by which rest-service verifies JWTs itself."""
    lines = (
        "token-mode: auto",
        f"jwk: {{key-set-uri: {ISSUER}{_JWKS}}}",
        f"jwt: {{issuer: {issuer}}}",
    )
    added = "".join(rf"\n          {line}" for line in lines)
    return _edit("rest-service", f"s|^          loadBalanced: true|&{added}|")


SIGN = _edit("cas-server", r"s/^    server:/    token-format: jwt\n&/")
UNDO_SIGN = _edit("cas-server", "/^    token-format: jwt$/d")
UNDO_VERIFY = _edit("rest-service", "/token-mode: auto/d; / jwk: {/d; / jwt: {/d")
KEYS = Curl(*CAS, 2000, _JWKS)
COMMANDS = (KEYS, SIGN, _verify(ISSUER), _key(LEAD_S["localkube"]), KEYS, UNDO_VERIFY, UNDO_SIGN)


async def play(suite: Suite) -> None:
    """Sign tokens, verify them at rest-service, rotate the key, and undo all of it."""
    added: list[str] = []
    try:
        async with signed(suite) as first:
            await _rotate(suite, first, added)
    finally:
        await _patch(suite, {"data": dict.fromkeys(added)})


@asynccontextmanager
async def signed(suite: Suite) -> AsyncIterator[str]:
    """Have cas-server sign tokens and rest-service verify them in the block; provide a token."""
    try:
        first = await _sign(suite)
        await _verify_alone(suite)
        yield first
    finally:
        await suite.run(UNDO_VERIFY, show=True)
        await suite.run(UNDO_SIGN, show=True)
        await _hasten(suite)
        await _every_cas(suite, "issues opaque tokens", lambda token: not is_signed(token))


async def _add_key(suite: Suite, added: list[str]) -> None:
    """Mount one more key, and wait until every cas-server publishes it."""
    lead = LEAD_S[suite.platform.name]
    suite.reporter.command(_key(lead))
    before = await suite.call(CAS, _JWKS)
    files = await new_key(time.time() + lead)
    added += files
    await _patch(suite, {"stringData": files})
    await _hasten(suite)
    number = len(before.json()["keys"]) + 1
    for pod in await _pods(suite, "cas-server"):

        async def publishes(pod: Pod = pod) -> bool:
            reply = await _at(suite, pod, _JWKS)
            return reply.ok and len(reply.json()["keys"]) == number

        await until(publishes, what=f"{pod.name} to publish the key", seconds=_WITHIN_S)
    suite.reporter.reached("every cas-server publishes the new key", seen=f"keys: {number}")


async def _patch(suite: Suite, patch: Mapping[str, object]) -> None:
    await suite.run(Verb((*PATCH.arguments, "-p", json.dumps(patch))))


async def _sign(suite: Suite) -> str:
    """Have cas-server issue JWTs, and return one."""
    opaque = (await suite.user_token("alice"))["access_token"]
    suite.reporter.check("a token is opaque", holds=not is_signed(opaque))
    await suite.run(SIGN, show=True)
    await _hasten(suite)
    return await _every_cas(suite, "issues JWTs", is_signed)


async def _verify_alone(suite: Suite) -> None:
    """Have rest-service verify tokens, and show what it no longer learns."""
    metadata = await suite.call(CAS, "/.well-known/oauth-authorization-server")
    pods = await _pods(suite, "rest-service")
    before = await _me(suite, pods[0], await _revoked(suite))
    await suite.run(_verify(metadata.json()["issuer"]), show=True)
    await _hasten(suite)
    for pod in pods:

        async def verifies(pod: Pod = pod) -> Reply | None:
            reply = await _me(suite, pod, await _revoked(suite))
            return reply if reply.ok else None

        after = await until(verifies, what=f"{pod.name} to verify JWTs", seconds=_WITHIN_S)
        suite.reporter.reached(f"{pod.name} verifies the signature, and asks nobody")
    suite.reporter.changed("GET /api/me with a revoked token", before, after)
    suite.reporter.explain("the price: a revoked JWT lives until it expires, 10 minutes")
    asked = {"token": await _revoked(suite)}
    refused = await suite.post("/oauth/check_token", REST_SERVICE, asked)
    suite.reporter.check(
        "check_token knows better", holds=not refused.ok, seen=f"{refused.status} {refused.body}"
    )


async def _rotate(suite: Suite, first: str, added: list[str]) -> None:
    """Sign with a new key while tokens of the one before are used."""
    before = await _header(suite)
    url = await suite.platform.url(*REST)
    async with load(suite.http, [Request("GET", f"{url}/api/me", bearer=first)]) as tally:
        await _add_key(suite, added)
        early = (await suite.user_token("alice"))["access_token"]
        same = algorithm_and_key(early) == algorithm_and_key(first)
        suite.reporter.check("the new key does not sign yet", holds=same)

        def is_new(token: str) -> bool:
            return algorithm_and_key(token) != algorithm_and_key(first)

        second = await _every_cas(suite, "signs with the new key", is_new)
        for pod in await _pods(suite, "rest-service"):
            replies = [await _me(suite, pod, token) for token in (first, second)]
            seen = [reply.status for reply in replies]
            what = f"{pod.name} takes tokens of both keys"
            suite.reporter.check(what, holds=all(reply.ok for reply in replies), seen=seen)
        await enough(tally, 20)
    what = "POST /oauth/token, the header of the token"
    suite.reporter.changed(what, before, await _header(suite))
    suite.reporter.check(
        "no request failed meanwhile", holds=not tally.failed, seen=tally.summary()
    )


async def _every_cas(suite: Suite, what: str, holds: Callable[[str], bool]) -> str:
    """Wait until each cas-server issues such a token, and return one."""
    form = await suite.form("/oauth/token", APP, CLIENT_CREDENTIALS)
    for pod in await _pods(suite, "cas-server"):
        url = await suite.platform.pod_url(pod) + "/oauth/token"

        async def issued(url: str = url) -> bool:
            reply = await suite.http.send(Request("POST", url, basic=form.basic, form=form.form))
            return reply.ok and holds(reply.json()["access_token"])

        await until(issued, what=f"{pod.name}: {what}", seconds=_WITHIN_S, every=0.2)
    suite.reporter.reached(f"every cas-server {what}")
    return str((await suite.user_token("alice"))["access_token"])


async def _header(suite: Suite) -> Reply:
    """Return the response to a token request, of which the JWT's header is left."""
    reply = await suite.post("/oauth/token", APP, CLIENT_CREDENTIALS)
    header = algorithm_and_key(reply.json()["access_token"])
    return replace(reply, body=json.dumps(header))


async def _revoked(suite: Suite) -> str:
    """Return a fresh token that is revoked already, which nobody has cached."""
    token = (await suite.user_token("alice"))["access_token"]
    await suite.post("/oauth/revoke", APP, {"token": token})
    return str(token)


async def _hasten(suite: Suite) -> None:
    for app in ("cas-server", "rest-service"):
        await suite.platform.hasten(app, NAMESPACE)


async def _pods(suite: Suite, app: str) -> Sequence[Pod]:
    return await ready_pods(suite.platform, app, NAMESPACE)


async def _at(suite: Suite, pod: Pod, path: str) -> Reply:
    return await suite.http.send(Request("GET", await suite.platform.pod_url(pod) + path))


async def _me(suite: Suite, pod: Pod, token: str) -> Reply:
    url = await suite.platform.pod_url(pod)
    return await suite.http.send(Request("GET", f"{url}/api/me", bearer=token))


CHAPTER = Chapter("Signed tokens, and a key that rotates", COMMANDS, play, needs=(REST_SERVICE,))
