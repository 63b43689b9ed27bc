"""The authorization code flow over two replicas: request, consent, code, tokens."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from functools import partial

import pytest
from redis import Redis

from cas_server.stores import redis_authorization_codes
from eventually import PATIENCE_S
from integration.cas_server.code_flow import (
    CALLBACK,
    LOOPBACK,
    Browser,
    code_clients,
    location,
    without_pkce,
)
from integration.cas_server.session_world import replica
from integration.cas_server.world import BASIC, Cas
from signing_keys import pem
from suitectl.waiting import until

pytestmark = pytest.mark.anyio
ISSUER = "http://cas-server-service"


@pytest.fixture
def identities(identities: dict[str, dict[str, object]], hashes: dict[str, str]) -> object:
    identities["clients"].update(code_clients(hashes) | without_pkce(hashes))
    identities["signing-keys"] = {"rs": pem("RS256")}
    return identities


@pytest.fixture
async def cookie(redis: int, identities: dict[str, object]) -> AsyncIterator[str]:
    """Log alice in, who has allowed nothing yet."""
    with Redis(port=redis) as store:
        store.delete("u:alice:consents", *store.scan_iter("c:*"), "g:c:alice")
    async with replica(redis, identities) as parts:
        yield await parts.begin("alice")


@pytest.fixture
def browser(cas: Cas, cookie: str) -> Browser:
    return Browser(cas, cookie)


async def test_a_public_client_gets_tokens_for_a_code(browser: Browser) -> None:
    """RFC 6749, 4.1; RFC 7636; RFC 9207: each replica takes what the other began."""
    page = await browser.authorize()
    response = await browser.at(1).decide(page)
    sent_back = location(response)
    assert response.headers["location"].startswith(CALLBACK + "?")
    assert sent_back.keys() == {"code", "state", "iss"}
    assert (sent_back["state"], sent_back["iss"]) == ("of-the-client", ISSUER)
    assert response.headers["cache-control"] == "no-store"
    assert response.headers["referrer-policy"] == "no-referrer"

    tokens = (await browser.redeem(sent_back["code"])).raise_for_status().json()

    assert tokens.keys() == {"access_token", "token_type", "refresh_token", "expires_in", "scope"}
    assert tokens["scope"] == "read"
    claims = (await browser.cas.check(tokens["access_token"], replica=1)).json()
    assert claims["user_name"] == "alice"
    assert claims["client_id"] == "cli"
    assert claims["authorities"] == ["ROLE_USER"]


async def test_the_tokens_are_refreshed_and_revoked_by_the_client_id_alone(
    browser: Browser,
) -> None:
    """RFC 6749, 6 and RFC 7009, 2.1 for public clients; the refresh token rotates (RFC 9700)."""
    first = (await browser.redeem(await browser.code())).json()
    refresh = {"grant_type": "refresh_token", "refresh_token": first["refresh_token"]}
    second = (await browser.at(1).token(refresh)).raise_for_status().json()
    assert second["refresh_token"] != first["refresh_token"]

    ended = await browser.token({"token": second["refresh_token"]}, "/oauth/revoke")

    assert ended.status_code == 200
    assert (await browser.cas.check(second["access_token"])).status_code == 400


@pytest.mark.parametrize("path", ["/oauth/check_token", "/oauth/introspect"])
async def test_a_public_client_checks_no_token(browser: Browser, path: str) -> None:
    tokens = (await browser.redeem(await browser.code())).json()
    refused = await browser.token({"token": tokens["access_token"]}, path)
    assert refused.status_code == 401
    assert refused.json()["error"] == "invalid_client"


async def test_a_client_with_a_secret_needs_it(browser: Browser) -> None:
    """RFC 6749, 4.1.3."""
    browser.client = "web"
    code = await browser.code()
    url = browser.cas.urls[0] + "/oauth/token"
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    fields |= {"code_verifier": browser.verifier, "client_id": "web"}
    assert (await browser.cas.http.post(url, data=fields)).status_code == 401
    assert (await browser.redeem(code)).status_code == 200


async def test_a_public_client_may_send_an_empty_secret(browser: Browser) -> None:
    code = await browser.code()
    fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
    fields["code_verifier"] = browser.verifier
    url = browser.cas.urls[0] + "/oauth/token"
    wrong = await browser.cas.http.post(url, data=fields, auth=("cli", "guess"))
    assert wrong.status_code == 401
    assert (await browser.cas.http.post(url, data=fields, auth=("cli", ""))).status_code == 200


async def test_without_the_refresh_grant_there_is_no_refresh_token(browser: Browser) -> None:
    browser.client = "no-refresh"
    tokens = (await browser.redeem(await browser.code())).json()
    assert "refresh_token" not in tokens
    assert (await browser.cas.check(tokens["access_token"])).status_code == 200


@pytest.mark.parametrize(
    "change",
    [
        {"redirect_uri": LOOPBACK},
        {"code_verifier": ""},
        {"code_verifier": "x" * 43},
        {"code": "unknown"},
    ],
)
async def test_what_does_not_fit_the_code_is_refused_and_spends_nothing(
    browser: Browser, change: dict[str, str]
) -> None:
    """RFC 6749, 4.1.3 and 5.2; RFC 7636, 4.6."""
    code = await browser.code()
    refused = await browser.redeem(**{"code": code} | change)
    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_grant"
    tokens = (await browser.redeem(code)).raise_for_status().json()

    assert (await browser.redeem(**{"code": code} | change)).status_code == 400
    assert (await browser.cas.check(tokens["access_token"])).status_code == 200


async def test_another_clients_code_is_refused_and_unharmed(browser: Browser) -> None:
    """RFC 6749, 4.1.3."""
    code = await browser.code()
    browser.client = "web"
    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"
    browser.client = "cli"
    assert (await browser.redeem(code)).status_code == 200


@pytest.mark.parametrize("client", ["cli", "no-refresh"])
async def test_a_second_use_ends_the_tokens_of_the_first(browser: Browser, client: str) -> None:
    """RFC 6749, 4.1.2; RFC 9700, 4.5: also those that were refreshed meanwhile."""
    browser.client = client
    code = await browser.code()
    tokens = [(await browser.redeem(code)).json()]
    if "refresh_token" in tokens[0]:
        fields = {"grant_type": "refresh_token", "refresh_token": tokens[0]["refresh_token"]}
        tokens.append((await browser.token(fields)).json())

    again = await browser.at(1).redeem(code)

    assert again.json()["error"] == "invalid_grant"
    for one in tokens:
        assert (await browser.cas.check(one["access_token"])).status_code == 400
        if "refresh_token" in one:
            fields = {"grant_type": "refresh_token", "refresh_token": one["refresh_token"]}
            assert (await browser.token(fields)).json()["error"] == "invalid_grant"


async def test_of_100_parallel_redemptions_one_succeeds(browser: Browser) -> None:
    """Over two replicas; the others end its tokens."""
    code = await browser.code()
    responses = await asyncio.gather(
        *(browser.at(number % 2).redeem(code) for number in range(100))
    )
    assert Counter(one.status_code for one in responses) == {200: 1, 400: 99}
    (tokens,) = (one.json() for one in responses if one.status_code == 200)
    assert (await browser.cas.check(tokens["access_token"])).status_code == 400


@pytest.mark.bound("authorization-code")
async def test_a_code_lives_a_minute_and_a_spent_one_is_remembered_for_ten(
    browser: Browser, redis: int
) -> None:
    """RFC 6749, 4.1.2; Redis has its hash alone."""
    code = await browser.code()
    with Redis(port=redis) as store:
        assert not [key for key in store.scan_iter("*") if code.encode() in key]
        (key,) = store.scan_iter("c:*")
        assert 0 < store.ttl(key) <= 60
        await browser.redeem(code)
        assert 60 < store.ttl(key) <= 600
        store.delete(key)
    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"


@pytest.mark.bound("codes-per-user")
async def test_the_oldest_code_of_a_user_is_evicted(
    browser: Browser, redis: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_authorization_codes, "MOST_CODES", 3)
    first = await browser.code()
    later = [await browser.code() for _ in range(3)]
    assert (await browser.redeem(first)).json()["error"] == "invalid_grant"
    assert {(await browser.redeem(code)).status_code for code in later} == {200}
    with Redis(port=redis) as store:
        assert 0 < store.ttl("g:c:alice") <= 600


async def test_a_record_that_was_not_written_here_is_unknown(browser: Browser, redis: int) -> None:
    """docs/design/identities.md, "Records carry a MAC"."""
    code = await browser.code()
    with Redis(port=redis) as store:
        (key,) = store.scan_iter("c:*")
        data = store.hget(key, "data")
        assert isinstance(data, bytes)
        store.hset(key, "data", data.replace(b"alice", b"admin"))
    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"


async def test_without_a_session_the_way_leads_to_the_login_and_back(browser: Browser) -> None:
    cookie, browser.cookie = browser.cookie, ""
    response = await browser.authorize()
    assert response.headers["location"].startswith("/login?return=%2Foauth%2Fauthorize%3F")
    back = location(response)["return"]

    page = await browser.cas.http.get(browser.cas.urls[1] + back, headers={"Cookie": cookie})

    browser.cookie = cookie
    assert location(await browser.decide(page))["state"] == "of-the-client"


async def test_a_consent_is_asked_once_and_never_of_a_first_party_client(browser: Browser) -> None:
    await browser.code()
    assert "code" in location(await browser.authorize())
    assert (await browser.authorize(scope="read write")).status_code == 200
    assert (await browser.authorize(prompt="consent")).status_code == 200
    browser.client = "first-party"
    assert "code" in location(await browser.authorize())


async def test_a_user_may_refuse(browser: Browser) -> None:
    """RFC 6749, 4.1.2.1."""
    sent_back = location(await browser.decide(await browser.authorize(), "deny"))
    assert sent_back["error"] == "access_denied"
    assert (sent_back["state"], sent_back["iss"]) == ("of-the-client", ISSUER)


@pytest.mark.parametrize("change", [{"csrf": "00"}, {"scope": "read write"}, {"csrf": ""}])
async def test_a_consent_form_of_somebody_else_is_refused(
    browser: Browser, change: dict[str, str]
) -> None:
    """RFC 6749, 10.12: the form's token is for this session and this request."""
    page = await browser.authorize()
    refused = await browser.decide(page, **change)
    assert refused.status_code == 403
    assert "location" not in refused.headers


async def test_a_consent_form_of_another_session_is_refused(
    browser: Browser, redis: int, identities: dict[str, object]
) -> None:
    page = await browser.authorize()
    async with replica(redis, identities) as parts:
        browser.cookie = await parts.begin("admin")
    assert (await browser.decide(page)).status_code == 403


async def test_prompt_none_never_shows_a_page(browser: Browser) -> None:
    """OpenID Connect Core, 3.1.2.6."""
    assert location(await browser.authorize(prompt="none"))["error"] == "consent_required"
    await browser.code()
    assert "code" in location(await browser.authorize(prompt="none"))
    browser.cookie = ""
    assert location(await browser.authorize(prompt="none"))["error"] == "login_required"


@pytest.mark.parametrize("change", [{"prompt": "login"}, {"max_age": "0"}])
async def test_a_new_login_is_one_after_the_request(
    browser: Browser, redis: int, identities: dict[str, object], change: dict[str, str]
) -> None:
    """OpenID Connect Core, 3.1.2.1: neither the old session nor an invented marker will do."""
    for _ in range(2):
        response = await browser.authorize(**change, login_after="-.1.00")
        assert "return" in location(response)
    back = browser.cas.urls[0] + location(response)["return"]
    again = await browser.cas.http.get(back, headers={"Cookie": browser.cookie})
    assert "return" in location(again)

    async with replica(redis, identities) as parts:
        new = {"Cookie": await parts.begin("alice")}

    assert (await browser.cas.http.get(back, headers=new)).status_code == 200


async def test_errors_of_a_request_go_to_the_client(browser: Browser) -> None:
    """RFC 6749, 4.1.2.1, without its description of what this server is doing."""
    sent_back = location(await browser.authorize(code_challenge_method="plain"))
    assert sent_back["error"] == "invalid_request"
    assert "S256" in sent_back["error_description"]
    assert (sent_back["state"], sent_back["iss"]) == ("of-the-client", ISSUER)


@pytest.mark.parametrize(
    "change", [{"client_id": "nobody"}, {"redirect_uri": "https://evil.example/"}]
)
async def test_an_unsafe_redirect_is_a_page(browser: Browser, change: dict[str, str]) -> None:
    """RFC 6749, 4.1.2.1."""
    response = await browser.authorize(**change)
    assert response.status_code == 400
    assert "location" not in response.headers
    assert response.headers["content-type"].startswith("text/html")
    url = browser.cas.urls[0] + "/oauth/authorize"
    other = await browser.cas.http.get(url, params=browser.request(**change))
    assert other.json()["error"] == "invalid_request"


async def test_no_other_origin_reads_the_authorization_endpoint(browser: Browser) -> None:
    """RFC 9700, 2.6: CORS is for the token endpoint alone."""
    cas, origin = browser.cas, "https://spa.example"
    cas.identities["server"] = {"cors": {"allowed-origins": [origin]}}
    cas.write()
    header = "access-control-allow-origin"

    async def is_on() -> bool:
        url = cas.urls[0] + "/oauth/token"
        return header in (await cas.http.post(url, headers={"Origin": origin})).headers

    await until(is_on, what="CORS", seconds=PATIENCE_S)
    for path in ("/oauth/authorize", "/oauth/authorize/consent", "/login", "/account"):
        response = await cas.http.get(cas.urls[0] + path, headers={"Origin": origin})
        assert header not in response.headers


async def test_a_post_works_as_a_get(browser: Browser) -> None:
    """OpenID Connect Core, 3.1.2.1."""
    await browser.code()
    url, cookie = browser.cas.urls[0] + "/oauth/authorize", {"Cookie": browser.cookie}
    response = await browser.cas.http.post(url, data=browser.request(), headers=cookie)
    assert "code" in location(response)
    twice = f"{url}?state=x"
    assert (await browser.cas.http.post(twice, data=browser.request())).status_code == 400
    assert (await browser.cas.http.put(url, data=browser.request())).status_code == 405


async def test_a_loopback_redirect_has_the_port_of_the_request(browser: Browser) -> None:
    """RFC 8252, 7.3; the token request has the same port (RFC 6749, 4.1.3)."""
    browser.redirect_uri = "http://127.0.0.1:51004/callback"
    code = await browser.code()
    other = await browser.redeem(code, redirect_uri="http://127.0.0.1:51005/callback")
    assert other.json()["error"] == "invalid_grant"
    assert (await browser.redeem(code)).status_code == 200


async def test_a_program_at_the_users_own_machine_is_always_asked_about(browser: Browser) -> None:
    """RFC 8252, 8.6: any program can listen there, in the name of a client without secret."""
    browser.redirect_uri = "http://127.0.0.1:51004/callback"
    await browser.code()
    assert (await browser.authorize()).status_code == 200
    assert location(await browser.authorize(prompt="none"))["error"] == "consent_required"


async def test_a_client_that_need_not_use_pkce_is_not_downgraded(browser: Browser) -> None:
    """RFC 9700, 2.1.1 and 4.8.2."""
    browser.client = "no-pkce"
    code = await browser.code(code_challenge="", code_challenge_method="")
    assert (await browser.redeem(code)).json()["error"] == "invalid_grant"
    assert (await browser.redeem(code, code_verifier="")).status_code == 200
    code = await browser.code()
    assert (await browser.redeem(code, code_verifier="")).json()["error"] == "invalid_grant"


async def test_a_code_dies_with_its_user(browser: Browser) -> None:
    """docs/design/identities.md, "Dead stays dead"."""
    code, cas = await browser.code(), browser.cas
    before = (await browser.redeem(await browser.code())).json()["access_token"]
    alice = cas.identities["users"].pop("alice")
    cas.write()
    for number in range(2):
        await until(
            partial(_is_dead, cas, before, number), what="alice to be gone", seconds=PATIENCE_S
        )
    cas.identities["users"]["alice"] = alice
    cas.write()
    for number in range(2):
        await until(partial(_may_log_in, cas, number), what="alice to be back", seconds=PATIENCE_S)
        refused = await browser.at(number).redeem(code)
        assert refused.json()["error"] == "invalid_grant"


async def test_a_code_ends_where_the_right_to_refresh_comes_back(browser: Browser) -> None:
    """docs/design/code-flow.md, "Codes": it would begin a family, which that has ended."""
    browser.client = "web"
    cas, before = browser.cas, await browser.code()
    rights = cas.identities["clients"]["web"]
    grants = rights["authorized-grant-types"]
    rights["authorized-grant-types"] = ["authorization_code"]
    cas.write()
    await _both_give_refresh_tokens(browser, given=False)
    between = await browser.code()
    rights["authorized-grant-types"] = grants
    cas.write()
    await _both_give_refresh_tokens(browser, given=True)
    for number, code in enumerate((before, between)):
        assert (await browser.at(number).redeem(code)).json()["error"] == "invalid_grant"


async def _both_give_refresh_tokens(browser: Browser, *, given: bool) -> None:
    """Wait until the tokens of a code come with a refresh token at both replicas, or without."""

    async def seen(at: Browser) -> bool:
        reply = await at.redeem(await at.code())
        return reply.status_code == 200 and ("refresh_token" in reply.json()) == given

    for number in range(2):
        there = browser.at(number)
        await until(partial(seen, there), what="the changed right", seconds=PATIENCE_S)


async def _is_dead(cas: Cas, token: str, number: int) -> bool:
    return (await cas.check(token, replica=number)).status_code == 400


async def _may_log_in(cas: Cas, number: int) -> bool:
    form = {"grant_type": "password", "username": "alice", "password": BASIC["alice"]}
    reply = await cas.post("/oauth/token", form, "demo-app", replica=number)
    return reply.status_code == 200
