"""A browser in a few words, for the list of a user's sessions; nothing else is done with it."""

import re
from collections.abc import Sequence

_MOST = 512
"""Characters of the header that are looked at."""
# The order counts: each browser also names those it descends from.
_BROWSERS: Sequence[tuple[str, str]] = (
    (r"Edg(e|A|iOS)?/", "Edge"),
    (r"OPR/|Opera", "Opera"),
    (r"SamsungBrowser/", "Samsung Internet"),
    (r"Firefox/|FxiOS/", "Firefox"),
    (r"Chrom(e|ium)/|CriOS/", "Chrome"),
    (r"Safari/", "Safari"),
    (r"curl/", "curl"),
    (r"python-httpx/", "a Python program"),
)
_SYSTEMS: Sequence[tuple[str, str]] = (
    (r"iPhone|iPad|iPod", "iOS"),
    (r"Android", "Android"),
    (r"Windows", "Windows"),
    (r"Mac OS X|Macintosh", "macOS"),
    (r"Linux|X11", "Linux"),
)


def device(user_agent: str) -> str:
    """Return such as `Firefox on Linux`; never a word of the caller's own."""
    text = user_agent[:_MOST]
    browser, system = _first(_BROWSERS, text), _first(_SYSTEMS, text)
    if not browser:
        return f"A browser on {system}" if system else "Unknown browser"
    return f"{browser} on {system}" if system else browser


def _first(patterns: Sequence[tuple[str, str]], text: str) -> str:
    return next((name for pattern, name in patterns if re.search(pattern, text)), "")
