"""The pages in a real Chromium, without JavaScript: keyboard, phone, dark, and hostile pages."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import pytest
from playwright.async_api import Browser as Chromium
from playwright.async_api import BrowserContext, Page
from redis import Redis

from integration.cas_server.chromium import VIEWS, View, log_in, new_context, running
from integration.cas_server.code_flow import Browser, code_clients
from integration.cas_server.page_checks import faint, faults, tab_to
from integration.cas_server.world import BASIC, Cas

pytestmark = pytest.mark.anyio


@pytest.fixture
def identities(identities: dict[str, dict[str, object]], hashes: dict[str, str]) -> object:
    identities["clients"].update(code_clients(hashes))
    return identities


@pytest.fixture(autouse=True)
def _nothing_of_tests_before(redis: int) -> None:
    with Redis(port=redis) as redis_of_tests:
        redis_of_tests.delete("u:alice", "u:alice:consents", *redis_of_tests.scan_iter("s:*"))


@pytest.fixture
async def chromium() -> AsyncIterator[Chromium]:
    async with running() as browser:
        yield browser


@pytest.fixture
async def context(chromium: Chromium) -> BrowserContext:
    return await new_context(chromium)


@asynccontextmanager
async def site(body: str) -> AsyncIterator[str]:
    """Serve one page at an origin of its own: an application's callback, or a thief's page."""

    async def respond(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        head = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
        writer.write(f"{head}<!doctype html><title>x</title>{body}".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(respond, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


@pytest.mark.parametrize("view", VIEWS, ids=str)
async def test_a_user_goes_through_the_flow_by_keyboard_alone(
    cas: Cas, chromium: Chromium, view: View
) -> None:
    page = await (await new_context(chromium, view)).new_page()
    async with site("arrived") as application:
        client = Browser(cas, client="cli", redirect_uri=f"{application}/callback")
        await page.goto(f"{cas.urls[0]}/oauth/authorize?{urlencode(client.request())}")
        await _is_good(page)
        await tab_to(page, "username")
        await page.keyboard.type("alice")
        await tab_to(page, "password")
        await page.keyboard.type("wrong")
        await page.keyboard.press("Enter")
        await page.wait_for_selector("[role=alert]")
        await _is_good(page)
        # The name is there still, and the focus is where the mistake may be.
        await page.keyboard.type(BASIC["alice"])
        await page.keyboard.press("Enter")
        await page.wait_for_selector("text=would like to")
        await _is_good(page)
        await tab_to(page, "decision")
        await page.keyboard.press("Enter")
        await page.wait_for_url(f"{application}/**")
    sent_back = parse_qs(urlsplit(page.url).query)
    assert sent_back["state"] == ["of-the-client"]
    tokens = await client.redeem(sent_back["code"][0])
    assert tokens.json()["scope"] == "read"


@pytest.mark.parametrize("view", VIEWS, ids=str)
async def test_a_user_ends_a_session_by_keyboard_alone(
    cas: Cas, chromium: Chromium, view: View
) -> None:
    other = await (await new_context(chromium)).new_page()
    await log_in(other, f"{cas.urls[0]}/login")
    page = await (await new_context(chromium, view)).new_page()
    await log_in(page, f"{cas.urls[0]}/login")
    await _is_good(page)

    await tab_to(page, "End the session of Chrome on Linux, last used just now")
    await page.keyboard.press("Enter")

    await page.wait_for_selector("[role=status]")
    await _is_good(page)
    assert await page.locator("text=this browser").count() == 1
    await other.goto(f"{cas.urls[0]}/account")
    assert urlsplit(other.url).path == "/login"
    await tab_to(page, "Log out")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=Log out?")
    await _is_good(page)
    await tab_to(page, "Log out")
    await page.keyboard.press("Enter")
    await page.wait_for_selector("text=You are logged out")
    await _is_good(page)


async def _is_good(page: Page) -> None:
    await page.wait_for_load_state()
    assert await faults(page) == []
    assert await faint(page) == []


@pytest.mark.parametrize("view", VIEWS, ids=str)
async def test_an_error_page_is_for_everybody_too(cas: Cas, chromium: Chromium, view: View) -> None:
    page = await (await new_context(chromium, view)).new_page()
    await page.goto(f"{cas.urls[0]}/login?return=//evil")
    await page.click("summary")

    await _is_good(page)
    assert "This link does not work" in await page.locator("main").aria_snapshot()


async def test_the_pages_fit_a_very_small_screen(cas: Cas, chromium: Chromium) -> None:
    """WCAG 2.2, 1.4.10: 320 CSS pixels without scrolling sideways."""
    page = await (await new_context(chromium, View((320, 480)))).new_page()
    await log_in(page, f"{cas.urls[0]}/login")
    await _is_good(page)
    query = urlencode(Browser(cas, client="web").request(scope="read write"))
    await page.goto(f"{cas.urls[0]}/oauth/authorize?{query}")
    await _is_good(page)


async def test_a_screen_reader_finds_its_way(cas: Cas, context: BrowserContext) -> None:
    page = await context.new_page()
    await page.goto(f"{cas.urls[0]}/login")
    tree = await page.locator("body").aria_snapshot()
    assert '- heading "Log in" [level=1]' in tree
    assert '- textbox "User name"' in tree
    assert '- textbox "Password"' in tree
    assert '- button "Log in"' in tree
    await page.fill("#username", "alice")
    await page.fill("#password", "wrong")
    await page.click("button.main")
    assert (await page.title()).startswith("Error: Log in")
    tree = await page.locator("main").aria_snapshot()
    assert "- alert: The user name or the password is wrong. Please try again." in tree


async def test_the_browser_stores_a_cookie_that_no_script_reads(
    cas: Cas, context: BrowserContext
) -> None:
    page = await context.new_page()
    await log_in(page, f"{cas.urls[0]}/login")

    (cookie,) = await context.cookies()
    assert (cookie["name"], cookie["httpOnly"], cookie["sameSite"]) == ("session", True, "Lax")
    assert (cookie["path"], cookie["expires"]) == ("/", -1)
    assert await page.evaluate("document.cookie") == ""


async def test_no_other_page_shows_ours_in_a_frame(cas: Cas, context: BrowserContext) -> None:
    """RFC 9700, 4.16: a click there would be a click here."""
    await log_in(await context.new_page(), f"{cas.urls[0]}/login")
    page = await context.new_page()
    for path in ("/login", "/account", "/logout"):
        async with site(f'<iframe src="{cas.urls[0]}{path}"></iframe>') as thief:
            await page.goto(thief)
            frame = page.frames[1]
            await frame.wait_for_load_state()
            assert await frame.locator("form").count() == 0
            assert frame.url == "chrome-error://chromewebdata/"


@pytest.mark.parametrize("policy", ["origin", "no-referrer"])
async def test_no_other_page_sends_our_forms(
    cas: Cas, context: BrowserContext, policy: str
) -> None:
    """CSRF, even by a thief who has a token of the victim's form."""
    page = await context.new_page()
    await log_in(page, f"{cas.urls[0]}/login")
    tokens = {}
    for path in ("/account", "/logout"):
        await page.goto(f"{cas.urls[0]}{path}")
        tokens[path] = await page.locator("[name=csrf]").get_attribute("value")
    for path, token in tokens.items():
        form = (
            f'<meta name="referrer" content="{policy}">'
            f'<form method="post" action="{cas.urls[0]}{path}"><button>Win</button>'
            f'<input name="csrf" value="{token}"><input name="others" value="1"></form>'
        )
        async with site(form) as thief:
            # Another site, for which the cookie is no longer of the same one.
            await page.goto(thief.replace("127.0.0.1", "localhost"))
            await page.click("button")
            await page.wait_for_url(f"{cas.urls[0]}/**")
            assert await page.title() == "This page was open for too long – Suite"  # noqa: RUF001
        await page.goto(f"{cas.urls[0]}/account")
        assert urlsplit(page.url).path == "/account", "the form has ended the session"


async def test_the_policy_lets_the_redirect_to_the_application_through(
    cas: Cas, context: BrowserContext
) -> None:
    """CSP 3, 6.3.1: Chromium holds form-action against redirects, here after the login form."""
    page = await context.new_page()
    async with site("arrived") as application:
        client = Browser(cas, client="cli", redirect_uri=f"{application}/callback")
        url = f"{cas.urls[0]}/oauth/authorize?{urlencode(client.request())}"
        await log_in(page, url)
        await page.click("button.main")
        await page.wait_for_url(f"{application}/**")
        await page.goto(f"{cas.urls[0]}/logout")
        await page.click("button.main")
        await log_in(page, url)
        # A program at a loopback address is asked about each time.
        await page.click("button.main")
        await page.wait_for_url(f"{application}/**")
        await page.goto(f"{cas.urls[0]}/login?return={quote('/oauth/authorize?client_id=cli')}")
    assert await page.locator("h1").text_content() == "Log in"
