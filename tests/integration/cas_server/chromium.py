"""A real Chromium, driven over its own protocol; skipped where the machine has none."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from eventually import PATIENCE_S
from integration.cas_server.world import BASIC

PHONE, DESKTOP = (390, 844), (1280, 800)
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = (
    *("--disable-gpu", "--disable-dev-shm-usage", "--font-render-hinting=none"),
    # It reaches this machine alone: a redirect to an application ends in an error page.
    *(
        "--disable-background-networking",
        "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
    ),
)


def chromium() -> str:
    """Return the program; skip the test where there is none."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("no Chromium on this machine: apt install chromium")
    return found


@asynccontextmanager
async def running() -> AsyncIterator[Browser]:
    """Run a browser without a window."""
    program = chromium()
    # Its sandbox needs a user of its own, which root has not.
    sandbox = ("--no-sandbox",) if os.geteuid() == 0 else ()
    async with async_playwright() as driver:
        browser = await driver.chromium.launch(
            executable_path=program, args=[*_ARGUMENTS, *sandbox]
        )
        try:
            yield browser
        finally:
            await browser.close()


@dataclass(frozen=True, slots=True)
class View:
    """A kind of screen: its size in CSS pixels, and whether its user prefers dark."""

    size: tuple[int, int] = DESKTOP
    dark: bool = False

    def __str__(self) -> str:
        kind = "phone" if self.size == PHONE else "desktop"
        return f"{kind}-{'dark' if self.dark else 'light'}"


VIEWS = tuple(View(size, dark) for size in (PHONE, DESKTOP) for dark in (False, True))


async def new_context(browser: Browser, view: View = View()) -> BrowserContext:
    """Return a fresh profile, without cookies and without JavaScript: the pages need none."""
    width, height = view.size
    context = await browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme="dark" if view.dark else "light",
        device_scale_factor=2 if view.size == PHONE else 1,
        java_script_enabled=False,
        locale="en",
    )
    context.set_default_timeout(PATIENCE_S * 1000)
    return context


async def log_in(page: Page, url: str, user: str = "alice") -> None:
    """Log in at a login page by its form."""
    await page.goto(url)
    await page.fill("#username", user)
    await page.fill("#password", BASIC[user])
    await page.click("button.main")
