"""What ends with a consent, or with all that a user holds, whatever an application has of it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis import Redis
from structlog.testing import capture_logs

from cas_server.stores.redis_authorization_codes import RedisAuthorizationCodes
from chassis.testing import bearer
from integration.cas_server.code_flow import Browser, code_clients, location
from integration.cas_server.people import Person
from integration.cas_server.session_world import replica, scope
from integration.cas_server.world import BASIC, Cas

pytestmark = pytest.mark.anyio

ADMIN = "/admin/v1/"


@pytest.fixture
def identities(
    identities: dict[str, Any], hashes: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    identities["clients"].update(code_clients(hashes))
    identities["clients"]["no-refresh"]["max-families-per-user"] = 2
    identities["clients"]["operator"] = {
        "client-secret": hashes["demo-app"],
        "authorized-grant-types": ["client_credentials"],
        "scope": ["admin"],
        "resource-ids": ["cas-server"],
        "authorities": ["ROLE_ADMIN"],
    }
    monkeypatch.setitem(BASIC, "operator", BASIC["demo-app"])
    return identities


@pytest.fixture
async def cookies(redis: int, identities: dict[str, Any]) -> AsyncIterator[dict[str, str]]:
    """Log two users in, who have allowed nothing yet."""
    names = ("alice", "admin")
    with Redis(port=redis) as store:
        gone = (
            f"{start}{name}{end}"
            for start, end in (("u:", ":consents"), ("g:c:", ""))
            for name in names
        )
        store.delete(*gone, *store.scan_iter("g:[ft]:no-refresh*"))
    async with replica(redis, identities) as parts:
        yield {name: await parts.begin(name) for name in names}
        for name in names:
            await parts.sessions.end_all(name)


@pytest.fixture
def browser(cas: Cas, cookies: dict[str, str]) -> Browser:
    return Browser(cas, cookies["alice"])


async def _token(browser: Browser) -> str:
    response = await browser.redeem(await browser.code())
    return str(response.raise_for_status().json()["access_token"])


async def _is_live(browser: Browser, token: str) -> bool:
    statuses = {(await browser.cas.check(token, replica=one)).status_code for one in (0, 1)}
    assert statuses <= {200, 400}
    return statuses == {200}


@pytest.mark.parametrize("client", ["cli", "no-refresh"])
async def test_removed_access_ends_tokens_and_waiting_codes(browser: Browser, client: str) -> None:
    """docs/design/sessions.md, "Consents": also tokens that no refresh token goes with."""
    browser.client = client
    token, spent, code = await _token(browser), await browser.code(), await browser.code()
    (await browser.redeem(spent)).raise_for_status()
    other = Browser(browser.cas, browser.cookie, client="web")
    of_other, code_of_other = await _token(other), await other.code()
    name, _, value = browser.cookie.partition("=")
    alice = Person(browser.cas, cookies={name: value})

    await alice.press(await alice.get("/account"), "application", client)

    assert not await _is_live(browser, token)
    assert (await browser.at(1).redeem(code)).json()["error"] == "invalid_grant"
    assert await _is_live(other, of_other)
    assert (await other.redeem(code_of_other)).status_code == 200


async def _end(cas: Cas, what: str, **whose: str) -> dict[str, Any]:
    """Have an operator end all of a kind that alice has."""
    headers = bearer(await cas.client_token("operator"))
    params = {"username": "alice", **whose}
    response = await cas.http.delete(cas.urls[1] + ADMIN + what, params=params, headers=headers)
    return dict(response.raise_for_status().json())


@pytest.mark.parametrize("client", ["cli", "first-party"])
async def test_an_operator_ends_waiting_codes_with_the_consents(
    browser: Browser, client: str
) -> None:
    """docs/design/administration.md, "What ends": also where no consent was asked for."""
    browser.client = client
    code = await browser.code()

    assert await _end(browser.cas, "consents") == {"ended": int(client == "cli")}

    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"


async def test_an_operator_ends_waiting_codes_with_the_families(browser: Browser) -> None:
    """docs/design/administration.md, "What ends": of the client that is named alone."""
    token, code = await _token(browser), await browser.code()
    other = Browser(browser.cas, browser.cookie, client="web")
    code_of_other, later = await other.code(), await other.code()

    with capture_logs() as lines:
        assert await _end(browser.cas, "families", client_id="cli") == {"ended": 1}

    (ended,) = (line for line in lines if line.get("event_type") == "ended_by_administrator")
    assert (ended["what"], ended["number"], ended["codes"]) == ("families", 1, 1)
    assert not await _is_live(browser, token)
    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"
    assert (await other.redeem(code_of_other)).status_code == 200
    await _end(browser.cas, "families")
    assert (await other.redeem(later)).json()["error"] == "invalid_grant"


async def test_a_session_ends_with_its_waiting_codes(browser: Browser, redis: int) -> None:
    """docs/design/sessions.md, "Sessions": those of another one, tokens and spent codes stay."""
    spent, code = await browser.code(), await browser.code()
    token = (await browser.redeem(spent)).json()["access_token"]
    async with replica(redis, browser.cas.identities) as parts:
        elsewhere = Browser(browser.cas, await parts.begin())
        code_elsewhere = await elsewhere.code()
        session = await parts.sessions.current(scope(browser.cookie))
        assert session is not None
        assert await parts.sessions.end("alice", session.handle)

    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"
    assert (await elsewhere.redeem(code_elsewhere)).status_code == 200
    assert await _is_live(browser, token)
    assert (await browser.redeem(spent)).json()["error"] == "invalid_grant"
    assert not await _is_live(browser, token)


@pytest.mark.parametrize("client", ["cli", "web"])
@pytest.mark.parametrize("what", ["consents", "sessions"])
async def test_no_code_is_written_when_what_it_rests_on_has_just_ended(
    browser: Browser, monkeypatch: pytest.MonkeyPatch, what: str, client: str
) -> None:
    """docs/design/code-flow.md, "Codes": an end at another replica, between check and write."""
    browser.client = client
    if client == "web":  # not asked about again
        await browser.code()
    put = RedisAuthorizationCodes.put

    async def late(*arguments: Any) -> Any:
        assert (await _end(browser.cas, what))["ended"] == 1
        return await put(*arguments)

    monkeypatch.setattr(RedisAuthorizationCodes, "put", late)
    response = await browser.authorize()
    if client == "cli":
        response = await browser.decide(response)

    assert location(response).keys() == {"error", "error_description", "state", "iss"}
    assert location(response)["error"] == "access_denied"


async def test_a_user_evicts_no_token_of_another_without_refresh(
    browser: Browser, cookies: dict[str, str]
) -> None:
    """docs/design/protocol.md, "Refresh tokens": a login without one counts as a family."""
    browser.client = "no-refresh"
    other = Browser(browser.cas, cookies["admin"], client="no-refresh")
    of_other = await _token(other)

    first, second, third = [await _token(browser) for _ in range(3)]

    assert not await _is_live(browser, first)
    for token in (second, third, of_other):
        assert await _is_live(browser, token)
