"""The pages over HTTP.

docs/design/sessions.md, "Forms"; docs/design/sessions.md, "Pages"; docs/design/sessions.md,
"Errors".
"""

import base64
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote, urlencode

import httpx
import pytest
from redis import Redis

from chassis.testing.redis_process import RedisProcess
from eventually import PATIENCE_S
from integration.cas_server.code_flow import CALLBACK, Browser, code_clients
from integration.cas_server.people import LOGIN_FORM, Person, buttons, hidden
from integration.cas_server.world import Cas, replicas
from redis_process import AS_CAS_SERVER, store
from suitectl import waiting

pytestmark = pytest.mark.anyio

AUTHORIZE = "/oauth/authorize?" + urlencode({"client_id": "web", "redirect_uri": CALLBACK})
JSON = {"Accept": "application/json"}


@pytest.fixture
def identities(identities: dict[str, dict[str, object]], hashes: dict[str, str]) -> object:
    identities["clients"].update(code_clients(hashes))
    identities["users"]["alice"] |= {"name": "Alice Liddell"}  # type: ignore[operator]  # a dict
    return identities


@pytest.fixture(autouse=True)
def _nothing_of_tests_before(redis: int) -> None:
    with Redis(port=redis) as redis_of_tests:
        redis_of_tests.delete("u:alice", "u:alice:consents", *redis_of_tests.scan_iter("s:*"))


@pytest.fixture
def alice(cas: Cas) -> Person:
    return Person(cas)


@pytest.fixture
async def account(alice: Person) -> httpx.Response:
    """Log alice in, and open her account."""
    await alice.log_in()
    return await alice.get("/account")


async def test_a_user_logs_in_and_out(alice: Person) -> None:
    to_login = await alice.get("/account")
    assert (to_login.status_code, to_login.headers["location"]) == (303, "/login?return=/account")

    response = await alice.log_in(to_login.headers["location"])

    assert (response.status_code, response.headers["location"]) == (303, "/account")
    set_cookies = response.headers.get_list("set-cookie")
    assert [header.partition("=")[0] for header in set_cookies] == ["session", "form"]
    assert set_cookies[0].endswith("; Path=/; HttpOnly; SameSite=Lax")
    assert set_cookies[1].startswith("form=; Max-Age=0;")
    alice.replica = 1
    page = await alice.get("/account")
    assert page.status_code == 200
    assert "Alice Liddell" in page.text

    question = await alice.get("/logout")
    assert (await alice.get("/account")).status_code == 200, "a link alone logged out"
    gone = await alice.post("/logout", hidden(question))

    assert "You are logged out" in gone.text
    assert alice.cookies == {}
    assert (await alice.get("/account")).status_code == 303
    assert (await alice.get("/logout")).status_code == 200


async def test_a_login_returns_to_the_authorization_request(alice: Person) -> None:
    page = await alice.get(f"/login?return={quote(f'{AUTHORIZE}&login_hint=alice')}")
    assert "to go on to <strong>web</strong>" in page.text
    assert 'name="username" type="text" value="alice"' in page.text
    (policy,) = re.findall(r"form-action [^;]*", page.headers["content-security-policy"])
    assert policy == "form-action 'self' https:"

    response = await alice.post("/login", hidden(page) | LOGIN_FORM)

    assert response.headers["location"] == f"{AUTHORIZE}&login_hint=alice"


@pytest.mark.parametrize(
    "address",
    [
        *("https://evil.example/", "//evil.example", "/\\evil.example", "/oauth/token"),
        *("/oauth/authorize", "/oauth/authorize/../../x?", "/login", "javascript:alert(1)"),
        *("/oauth/authorize?a=\r\nb", "/oauth/authorize?\t", "/oauth/authorize?#x", "/account?x"),
        "/oauth/authorize?" + "a" * 20_000,
        "/oauth/authorize?" + "a=1&" * 100,
    ],
)
async def test_a_login_leads_nowhere_else(alice: Person, address: str) -> None:
    """RFC 9700, 4.11: no open redirector."""
    page = await alice.get(f"/login?{urlencode({'return': address})}")
    sent = await alice.log_in(**{"return": address})

    for response in (page, sent):
        assert response.status_code == 400
        assert "This link does not work" in response.text
        assert "location" not in response.headers
    assert "session" not in alice.cookies


async def test_an_unregistered_address_is_not_let_through_the_policy(alice: Person) -> None:
    for query in ({"client_id": "web", "redirect_uri": "https://evil.example"}, {"client_id": "x"}):
        back = f"/oauth/authorize?{urlencode(query)}"
        page = await alice.get(f"/login?{urlencode({'return': back})}")
        assert "form-action 'self';" in page.headers["content-security-policy"]
        assert "evil" not in page.headers["content-security-policy"]
        assert "to go on to" not in page.text


@pytest.mark.parametrize(
    "change", [{"csrf": ""}, {"csrf": "00"}, {"csrf": "ü"}, {"csrf": "0" * 64}]
)
async def test_a_form_without_its_token_logs_nobody_in(
    alice: Person, change: dict[str, str]
) -> None:
    response = await alice.log_in(**change)

    assert response.status_code == 403
    assert "open for too long" in response.text
    assert "session" not in alice.cookies
    again = await alice.post("/login", hidden(response) | LOGIN_FORM)
    assert again.status_code == 303


async def test_a_form_of_another_browser_logs_nobody_in(cas: Cas, alice: Person) -> None:
    """Login CSRF: a thief's form would log the victim in as the thief."""
    theirs = hidden(await Person(cas).get("/login"))
    await alice.get("/login")

    for cookies in (alice.cookies, {}):
        response = await Person(cas, cookies=dict(cookies)).post("/login", theirs | LOGIN_FORM)
        assert response.status_code == 403
    assert "session" not in alice.cookies


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": "https://evil.example", "Sec_Fetch_Site": "same-origin"}, 303),
        ({"Sec_Fetch_Site": "same-origin"}, 303),
        ({"Sec_Fetch_Site": "none"}, 303),
        ({"Origin": "http://cas-server-service"}, 303),
        ({}, 303),
    ],
)
async def test_a_form_of_another_site_is_refused(
    alice: Person, headers: dict[str, str], status: int
) -> None:
    page = await alice.get("/login")
    response = await alice.post("/login", hidden(page) | LOGIN_FORM, **headers)

    assert response.status_code == status
    assert ("session" in alice.cookies) is (status == 303)


async def test_a_form_of_this_host_is_ours_whatever_the_issuer_is(alice: Person) -> None:
    page = await alice.get("/login")
    origin = alice.cas.urls[0]
    response = await alice.post("/login", hidden(page) | LOGIN_FORM, Origin=origin)

    assert response.status_code == 303


@pytest.mark.parametrize("path", ["/account", "/logout"])
async def test_forms_of_who_is_logged_in_need_their_tokens(alice: Person, path: str) -> None:
    await alice.log_in()
    login, other = (
        hidden(await alice.get("/login")),
        "/logout" if path == "/account" else "/account",
    )
    of_another_page = hidden(await alice.get(other))

    for fields in ({}, {"csrf": "00"}, login, of_another_page):
        response = await alice.post(path, {**fields, "others": "1"})
        assert response.status_code == 403, fields
    assert (await alice.get("/account")).status_code == 200


@pytest.mark.parametrize("path", ["/account", "/logout", "/login"])
async def test_a_form_of_another_site_changes_nothing(alice: Person, path: str) -> None:
    await alice.log_in()
    fields = hidden(await alice.get(path)) | {"others": "1"}

    response = await alice.post(path, fields, Sec_Fetch_Site="cross-site")

    assert response.status_code == 403
    assert (await alice.get("/account")).status_code == 200


async def test_a_login_makes_a_new_session_identifier(alice: Person) -> None:
    """OWASP ASVS 5.0, 7.2.4: a thief who knows or sets the cookie before has nothing after."""
    alice.cookies["session"] = "set-by-a-thief"
    await alice.log_in()
    first = alice.cookies["session"]
    assert first != "set-by-a-thief"

    await alice.log_in()

    assert alice.cookies["session"] != first
    assert (await Person(alice.cas, cookies={"session": first}).get("/account")).status_code == 303
    page = await alice.get("/account")
    assert page.text.count("Last used") == 0


WRONG = "not-the-password"


@pytest.mark.parametrize(
    "form", [{"password": WRONG}, {"username": "nobody"}, {"username": "\u0301" * 200}]
)
async def test_a_wrong_name_and_a_wrong_password_look_the_same(
    alice: Person, form: dict[str, str]
) -> None:
    response = await alice.log_in(**form)

    assert response.status_code == 401
    assert response.headers["www-authenticate"] == 'Form realm="login"'
    assert '<p class="notice bad" role="alert" id="problem">' in response.text
    assert "The user name or the password is wrong." in response.text
    assert 'aria-invalid="true" aria-describedby="problem"' in response.text
    assert WRONG not in response.text
    assert LOGIN_FORM["password"] not in response.text
    assert "session" not in alice.cookies


async def test_what_people_type_is_text_and_no_markup(alice: Person) -> None:
    name = '"><script>alert(1)</script>'
    response = await alice.log_in(username=name)

    assert response.status_code == 401
    assert "<script" not in response.text
    assert "&#34;&gt;&lt;script&gt;" in response.text


async def test_who_fails_too_often_is_told_how_long_to_wait(alice: Person) -> None:
    for _ in range(10):
        assert (await alice.log_in(password="wrong")).status_code == 401

    response = await alice.log_in()

    assert response.status_code == 429
    assert int(response.headers["retry-after"]) > 0
    assert re.search(r"Too many attempts\. Please wait \d+ (second|minute)s?\.", response.text)
    assert "session" not in alice.cookies


async def test_the_password_grant_and_the_page_share_the_count(alice: Person) -> None:
    form = {"grant_type": "password", "username": "alice", "password": "wrong"}
    for _ in range(10):
        await alice.cas.post("/oauth/token", form, "demo-app")

    assert (await alice.log_in()).status_code == 429


async def _every_page(alice: Person) -> AsyncIterator[httpx.Response]:
    yield await alice.get("/login")
    yield await alice.get("/login?return=//evil")
    yield await alice.log_in(password="wrong")
    yield await alice.get("/oauth/authorize")
    yield await alice.get("/logout")
    await alice.log_in()
    yield await alice.get("/account")
    yield await alice.get("/logout")
    query = Browser(alice.cas, client="web").request()
    yield await alice.get(f"/oauth/authorize?{urlencode(query)}")


async def test_nothing_is_loaded_framed_or_cached(alice: Person) -> None:
    """CSP 3; RFC 9700, 4.16: clickjacking."""
    pages = [page async for page in _every_page(alice)]

    assert len(pages) == 8
    for page in pages:
        policy = page.headers["content-security-policy"]
        for directive in ("default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert directive in policy
        (style,) = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
        digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
        assert f"style-src 'sha256-{digest}'" in policy
        assert "unsafe" not in policy
        assert page.headers["x-frame-options"] == "DENY"
        assert page.headers["x-content-type-options"] == "nosniff"
        assert page.headers["cache-control"] == "no-store"
        assert page.headers["referrer-policy"] == "same-origin"
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "<script" not in page.text
        assert " style=" not in page.text
        assert not re.search(r'(src|href)="(https?:)?//', page.text)
        assert "access-control-allow-origin" not in page.headers


async def test_a_program_gets_errors_as_json(alice: Person) -> None:
    """docs/design/protocol.md, "Traps of Spring resource servers": every error has `error`."""
    responses = [
        (await alice.get("/login?return=//evil", **JSON), 400, "invalid_request"),
        (await alice.post("/login", {"a": "1"}, Accept="*/*"), 403, "access_denied"),
        (await alice.send("PUT", "/login", JSON), 405, "method_not_allowed"),
        (await alice.send("POST", "/login", JSON, json={}), 400, "invalid_request"),
        (await alice.get("/oauth/authorize", **JSON), 400, "invalid_request"),
        (await alice.get("/oauth/authorize", Accept="text/html;q=0"), 400, "invalid_request"),
    ]
    fields = hidden(await alice.get("/login")) | LOGIN_FORM | {"password": "wrong"}
    responses.append((await alice.post("/login", fields, **JSON), 401, "invalid_grant"))
    for response, status, error in responses:
        assert (response.status_code, response.json()["error"]) == (status, error)
        assert response.headers["cache-control"] == "no-store"


async def test_the_root_leads_a_browser_to_the_account(alice: Person) -> None:
    response = await alice.get("/")
    assert (response.status_code, response.headers["location"]) == (303, "/account")


@pytest.mark.parametrize("path", ["/no-such", "/api/v1/user"])
async def test_a_path_without_a_page_is_a_page_to_a_browser_alone(alice: Person, path: str) -> None:
    page = await alice.get(path)
    assert (page.status_code, page.headers["www-authenticate"][:6]) == (401, "Bearer")
    assert page.headers["content-type"].startswith("text/html")
    assert "There is no page here" in page.text


@pytest.mark.parametrize("path", ["/", "/no-such"])
@pytest.mark.parametrize("accept", ["*/*", "application/json"])
async def test_a_path_without_a_page_is_an_error_to_programs(
    alice: Person, path: str, accept: str
) -> None:
    response = await alice.get(path, Accept=accept)
    assert (response.status_code, response.json()["error"]) == (401, "unauthorized")


@pytest.mark.parametrize("path", ["/login", "/logout", "/account"])
async def test_another_method_is_refused(alice: Person, path: str) -> None:
    response = await alice.send("PUT", path, {})

    assert response.status_code == 405
    assert response.headers["allow"] == "GET, HEAD, POST"
    assert (await alice.send("HEAD", path, {})).content == b""


@pytest.mark.parametrize("path", ["/login", "/logout", "/account"])
async def test_a_secret_does_not_belong_in_the_address(alice: Person, path: str) -> None:
    """RFC 6749, 2.3.1: logs and histories record it."""
    response = await alice.get(f"{path}?username=alice&password=x")

    assert response.status_code == 400


async def test_malformed_forms_are_pages(alice: Person) -> None:
    body = {"content": "a=1&a=2", "headers": {}}
    typed = {"Content-Type": "application/x-www-form-urlencoded"}
    repeated = await alice.send("POST", "/login", typed, content=body["content"])
    large = await alice.send("POST", "/login", typed, content="a=" + "b" * 70_000)
    twice = await alice.get("/login?return=/account&return=/account")
    assert [one.status_code for one in (repeated, large, twice)] == [400, 413, 400]
    for response in (repeated, large, twice):
        assert response.headers["content-type"].startswith("text/html")
        assert "What to tell who helps you" in response.text


async def test_a_user_ends_sessions(cas: Cas, alice: Person) -> None:
    phone, tablet = Person(cas, 1), Person(cas, 1)
    for one in (phone, tablet, alice):
        await one.log_in()
    page = await alice.get("/account")
    assert page.text.count("this browser") == 1
    handles = [value for name, value in buttons(page) if name == "session"]
    assert len(handles) == 2

    ended = await alice.press(page, "session", handles[0])
    assert ended.headers["location"] == "/account?done=session"
    page = await alice.get(ended.headers["location"])
    assert '<p class="notice good" role="status">The session has ended.' in page.text
    ended = await alice.press(page, "others") if "others" in dict(buttons(page)) else ended

    assert [(await one.get("/account")).status_code for one in (phone, tablet)] == [303, 303]
    assert (await alice.get("/account")).status_code == 200


async def test_nobody_ends_the_session_of_somebody_else(cas: Cas, alice: Person) -> None:
    admin = Person(cas)
    await admin.log_in(username="admin", password="admin-secret")
    await alice.log_in()
    phone = Person(cas)
    await phone.log_in()
    handles = [v for n, v in buttons(await alice.get("/account")) if n == "session"]

    mine = await admin.get("/account")
    for handle in handles:
        await admin.post("/account", {**hidden(mine), "session": handle})

    assert (await phone.get("/account")).status_code == 200


async def test_a_user_removes_the_access_of_an_application(alice: Person) -> None:
    """Its refresh tokens and their access tokens are dead at once, and it has to ask again."""
    await alice.log_in()
    browser = Browser(alice.cas, f"session={alice.cookies['session']}", client="web")
    tokens = (await browser.redeem(await browser.code(scope="read write"))).json()
    page = await alice.get("/account")
    assert "<code>write</code>" in page.text

    ended = await alice.press(page, "application", "web")

    page = await alice.get(ended.headers["location"])
    assert "The application has no access any longer." in page.text
    assert "<code>write</code>" not in page.text
    fields = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    assert (await browser.token(fields)).json()["error"] == "invalid_grant"
    assert (await alice.cas.check(tokens["access_token"])).status_code == 400
    assert "Allow <span" in (await browser.authorize(scope="read")).text


async def test_a_user_removes_an_application_that_never_asked(cas: Cas, alice: Person) -> None:
    """A client of the password grant shows no question; its refresh tokens are listed and ended."""
    tokens = await cas.user_tokens()
    await alice.log_in()
    page = await alice.get("/account")
    assert "Has access since" in page.text

    ended = await alice.press(page, "application", "demo-app")

    assert "Has access since" not in (await alice.get(ended.headers["location"])).text
    refused = await cas.refresh(tokens["refresh_token"])
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")


async def test_the_form_of_an_account_names_what_to_end(
    alice: Person, account: httpx.Response
) -> None:
    response = await alice.post("/account", hidden(account))

    assert response.status_code == 400


async def test_a_disabled_user_has_no_session(alice: Person, account: httpx.Response) -> None:
    assert account.status_code == 200
    alice.cas.identities["users"]["alice"]["enabled"] = False
    alice.cas.write()

    async def is_out() -> bool:
        return (await alice.get("/account")).status_code == 303

    await waiting.until(is_out, what="the end", seconds=PATIENCE_S, every=0.02)
    assert (await alice.log_in()).status_code == 401


async def test_an_outage_is_a_page(
    own_redis: RedisProcess, identities: dict[str, object], tmp_path: Path
) -> None:
    # Its clients wait for a second only, where others of the tests are patient.
    address = {"spring.data.redis.host": "127.0.0.1", "spring.data.redis.port": own_redis.port}
    settings = {**address, **AS_CAS_SERVER}
    async with replicas(tmp_path / "config", identities, settings) as cas:  # type: ignore[arg-type]  # a port
        alice = Person(cas)
        await alice.log_in()
        login = await alice.get("/login")
        own_redis.stop()

        down = await alice.get("/account")
        sent = await alice.post("/login", hidden(login) | LOGIN_FORM)

    assert (down.status_code, sent.status_code) == (503, 503)
    assert "Please try again in a moment" in down.text
    assert "We cannot check your password at the moment" in sent.text
    assert down.headers["retry-after"]


async def test_the_pages_are_below_the_context_path(
    redis: int, identities: dict[str, object], tmp_path: Path
) -> None:
    settings = {**store(redis), "server.servlet.context-path": "/id"}
    async with replicas(tmp_path / "config", identities, settings) as cas:
        alice = Person(cas)
        assert (await alice.get("/id/account")).headers["location"] == "/id/login?return=/account"
        page = await alice.get("/id/login")
        assert 'action="/id/login"' in page.text
        sent = await alice.post("/id/login", hidden(page) | LOGIN_FORM)
        assert sent.headers["location"] == "/id/account"
        assert 'href="/id/logout"' in (await alice.get("/id/account")).text


async def test_the_look_is_configured(alice: Person) -> None:
    css = ":root { --accent: #b0005a; }"
    look = {"title": "Example & Sons", "css": css, "scopes": {"read": "See your orders"}}
    alice.cas.identities["pages"] = look
    alice.cas.write()

    async def is_new() -> bool:
        return "Example &amp; Sons" in (await alice.get("/login")).text

    await waiting.until(is_new, what="the look", seconds=PATIENCE_S, every=0.02)
    await alice.log_in()
    query = urlencode(Browser(alice.cas, client="web").request(prompt="consent"))
    page = await alice.get(f"/oauth/authorize?{query}")
    assert css in page.text
    assert "See your orders <code>read</code>" in page.text
