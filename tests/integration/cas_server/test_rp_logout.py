"""docs/design/openid-connect.md, "Logout": by an application, over two replicas."""

from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from integration.cas_server.code_flow import Browser, code_clients, form_fields, without_pkce
from integration.cas_server.session_world import Replica, replica
from integration.cas_server.world import Cas
from signing_keys import pem

pytestmark = pytest.mark.anyio
LOGGED_OUT = "https://app.example/logged-out?from=cas"
END, CONFIRM = "/connect/logout", "/connect/logout/confirm"


@pytest.fixture
def identities(identities: dict[str, Any], hashes: dict[str, str]) -> dict[str, Any]:
    clients = code_clients(hashes) | without_pkce(hashes)
    for client in clients.values():
        client |= {"scope": ["openid"], "require-consent": "client-secret" not in client}
    clients["web"]["post-logout-redirect-uris"] = [LOGGED_OUT]
    identities["clients"] |= clients
    identities["signing-keys"] = {"rs": pem("RS256")}
    return identities


@pytest.fixture
async def parts(redis: int, identities: dict[str, Any]) -> AsyncIterator[Replica]:
    async with replica(redis, identities) as running:
        yield running


@pytest.fixture
async def browser(cas: Cas, parts: Replica) -> Browser:
    return Browser(cas, await parts.begin("alice"), client="web")


async def _hint(browser: Browser) -> str:
    code = await browser.code(scope="openid")
    return str((await browser.redeem(code)).json()["id_token"])


async def _sent(browser: Browser, method: str, path: str, **fields: str) -> httpx.Response:
    place = "params" if method == "GET" else "data"
    headers = {"Cookie": browser.cookie, "Accept": "text/html"}
    options: dict[str, Any] = {place: fields, "headers": headers}
    return await browser.cas.http.request(method, browser.cas.urls[1] + path, **options)


async def _is_logged_in(browser: Browser) -> bool:
    response = await browser.authorize(scope="openid", prompt="none")
    return "code=" in response.headers["location"]


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_who_has_an_id_token_logs_out_at_once(browser: Browser, method: str) -> None:
    """RP-Initiated Logout, 2 and 3."""
    fields = {"id_token_hint": await _hint(browser), "client_id": "web", "state": "a b&c"}
    fields |= {"post_logout_redirect_uri": LOGGED_OUT, "logout_hint": "x", "ui_locales": "de"}
    response = await _sent(browser, method, END, **fields)
    assert response.status_code == 303
    assert response.headers["location"] == f"{LOGGED_OUT}&state=a+b%26c"
    assert "Max-Age=0" in response.headers["set-cookie"]
    assert not await _is_logged_in(browser)


async def test_somebody_else_is_asked_before_the_session_ends(
    browser: Browser, parts: Replica
) -> None:
    hint = await _hint(browser)
    browser.cookie = await parts.begin("admin")
    page = await _sent(browser, "GET", END, id_token_hint=hint)
    assert page.status_code == 200
    assert "<strong>admin</strong>" in page.text
    assert await _is_logged_in(browser)


async def test_an_application_without_an_id_token_returns_after_the_question(
    browser: Browser,
) -> None:
    fields = {"client_id": "web", "post_logout_redirect_uri": LOGGED_OUT, "state": "s"}
    page = await _sent(browser, "GET", END, **fields)
    assert "form-action 'self' https:;" in page.headers["content-security-policy"]
    response = await _sent(browser, "POST", CONFIRM, **form_fields(page.text))
    assert response.headers["location"] == f"{LOGGED_OUT}&state=s"
    assert not await _is_logged_in(browser)


@pytest.mark.parametrize("csrf", ["", "00", "not hex"])
async def test_the_answer_is_that_of_this_session(browser: Browser, csrf: str) -> None:
    page = await _sent(browser, "GET", END)
    refused = await _sent(browser, "POST", CONFIRM, **(form_fields(page.text) | {"csrf": csrf}))
    assert refused.status_code == 403
    assert await _is_logged_in(browser)
    assert (await _sent(browser, "GET", CONFIRM)).status_code == 405


@pytest.mark.parametrize(
    "change",
    [
        {"post_logout_redirect_uri": "https://evil.example/"},
        {"post_logout_redirect_uri": LOGGED_OUT + "x"},
        {"client_id": "nobody"},
        {"client_id": "no-pkce"},
    ],
)
async def test_an_address_of_nobody_leads_nowhere(browser: Browser, change: dict[str, str]) -> None:
    """RP-Initiated Logout, 3: and the session stays."""
    fields = {"id_token_hint": await _hint(browser), "post_logout_redirect_uri": LOGGED_OUT}
    response = await _sent(browser, "GET", END, **(fields | change))
    assert response.status_code == 400
    assert "location" not in response.headers
    assert response.headers["content-type"].startswith("text/html")
    assert await _is_logged_in(browser)


async def test_who_is_logged_out_already_is_led_back(browser: Browser) -> None:
    hint = await _hint(browser)
    browser.cookie = ""
    fields = {"id_token_hint": hint, "post_logout_redirect_uri": LOGGED_OUT}
    assert (await _sent(browser, "GET", END, **fields)).headers["location"] == LOGGED_OUT
    page = await _sent(browser, "GET", END)
    assert (page.status_code, "logged out" in page.text) == (200, True)


async def test_a_post_of_another_site_is_sent_again_by_get(browser: Browser) -> None:
    """Browsers send no `SameSite=Lax` cookie with it."""
    hint = await _hint(browser)
    cookie, browser.cookie = browser.cookie, ""
    response = await _sent(browser, "POST", END, id_token_hint=hint, state="s", other="x")
    assert response.status_code == 303
    again = urlsplit(response.headers["location"])
    assert again.path == END
    assert parse_qs(again.query) == {"id_token_hint": [hint], "state": ["s"]}
    browser.cookie = cookie
    assert await _is_logged_in(browser)


async def test_repeated_parameters_and_other_methods_are_refused(browser: Browser) -> None:
    url = f"{browser.cas.urls[0]}{END}?state=a&state=b"
    assert (await browser.cas.http.get(url)).status_code == 400
    assert (await _sent(browser, "DELETE", END)).status_code == 405
