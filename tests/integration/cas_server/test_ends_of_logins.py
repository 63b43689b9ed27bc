"""What ends with a consent, or with all that a user holds, whatever an application has of it."""

from collections.abc import AsyncIterator
from typing import Any

import pytest
from redis import Redis

from chassis.testing import bearer
from integration.cas_server.code_flow import Browser, code_clients
from integration.cas_server.people import Person
from integration.cas_server.session_world import replica
from integration.cas_server.world import BASIC, Cas

pytestmark = pytest.mark.anyio

CONSENTS = "/admin/v1/consents"


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


@pytest.mark.parametrize("client", ["cli", "first-party"])
async def test_an_operator_ends_waiting_codes_with_the_consents(
    browser: Browser, client: str
) -> None:
    """docs/design/administration.md, "What ends": also where no consent was asked for."""
    browser.client = client
    code, cas = await browser.code(), browser.cas
    headers = bearer(await cas.client_token("operator"))

    ended = await cas.http.delete(
        cas.urls[1] + CONSENTS, params={"username": "alice"}, headers=headers
    )

    assert ended.json() == {"ended": int(client == "cli")}
    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"


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
