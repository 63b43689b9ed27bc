"""`/docs` of every service as a browser shows it; where there is none, these tests are skipped."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from eventually import PATIENCE_S
from integration.cas_server.chromium import running as browser
from three_services import ThreeServices, three_services

_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, _BROWSERS)), "")
pytestmark = pytest.mark.skipif(not BROWSER, reason="no Chromium here; install it to look at /docs")
OPTIONS = (
    *("--headless", "--disable-gpu", "--no-sandbox", "--no-first-run", "--disable-dev-shm-usage"),
    *("--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1", "--enable-logging=stderr"),
    # Virtual: the browser renders as if these milliseconds had passed, once nothing is loading.
    *("--virtual-time-budget=10000", "--dump-dom"),
)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeServices]:
    with three_services(tmp_path_factory.mktemp("services"), profile="dev") as running:
        yield running


def test_the_page_shows_every_operation_without_a_network(
    running: ThreeServices, tmp_path: Path
) -> None:
    for url in running.urls.values():
        response = httpx.get(f"{url}/openapi.json", timeout=PATIENCE_S).raise_for_status()
        paths = response.json()["paths"].values()
        shown = in_a_browser(f"{url}/docs", tmp_path)

        ids = re.findall(r'class="opblock-summary-operation-id"[^>]*>(.*?)</', shown.stdout)
        assert set(ids) == {one["operationId"] for path in paths for one in path.values()}
        assert 'class="btn authorize' in shown.stdout
        assert "Content Security Policy" not in shown.stderr


@pytest.mark.anyio
async def test_authorize_offers_no_login_that_would_need_a_redirect_uri(
    running: ThreeServices,
) -> None:
    async with browser() as chromium:
        page = await chromium.new_page()
        await page.goto(f"{running.urls['cas-server']}/docs")
        await page.click(".btn.authorize")
        offered = await page.locator(".auth-container h4").all_inner_texts()
    assert [" ".join(text.split()) for text in offered] == [
        *("oauth2 (OAuth2, password)", "oauth2 (OAuth2, clientCredentials)"),
        *("bearer (http, Bearer)", "client_secret_basic (http, Basic)", "login_form (apiKey)"),
    ]


def in_a_browser(url: str, profile: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [BROWSER, *OPTIONS, f"--user-data-dir={profile}", url],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )
