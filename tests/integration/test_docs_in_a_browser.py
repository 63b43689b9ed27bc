"""`/docs` of every service as a browser shows it; where there is none, these tests are skipped."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from eventually import PATIENCE_S
from suitectl.catalogue import services
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


@pytest.mark.parametrize("name", list(services()))
def test_the_page_shows_every_operation_without_a_network(
    running: ThreeServices, name: str, tmp_path: Path
) -> None:
    url = running.urls[name]
    document = httpx.get(f"{url}/openapi.json", timeout=PATIENCE_S).raise_for_status().json()
    expected = {one["operationId"] for path in document["paths"].values() for one in path.values()}

    shown = subprocess.run(
        [BROWSER, *OPTIONS, f"--user-data-dir={tmp_path}", f"{url}/docs"],
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=True,
    )

    ids = re.findall(r'class="opblock-summary-operation-id"[^>]*>(.*?)</', shown.stdout)
    assert set(ids) == expected
    assert 'class="btn authorize' in shown.stdout
    assert "Content Security Policy" not in shown.stderr
