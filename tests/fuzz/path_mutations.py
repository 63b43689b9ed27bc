"""Patterns and request targets that resemble a route's path."""

import random
from collections.abc import Callable, Sequence
from urllib.parse import quote

_PIECES = (
    *("%0a", "%0d", "%0d%0a", "%00", "%09", "%7f", "%1b", "%c2%85", "%c2%a0", "%e2%80%a8"),
    *("%2f", "%2e", "%2e%2e", "%2e%2e%2f", "/", "//", "/.", "/..", "/./", "/../", "%5c", "\\"),
    *(";", ";a=b", "%3b", "%252f", "%252e%252e", "%25", "%ff", "%ed%a0%80", "%ef%bf%bd"),
    *("%20", "+", ".json", "a", "*", "%2a", "?x=1", "%3f", "%23", "%c3%a9", "e%cc%81"),
)
_STARS = ("*", "**", "?", "{name}", "***", "*?", "?*", "{a}-{b}")


def pattern(rng: random.Random, routes: Sequence[str]) -> str:
    """Return an Ant pattern similar to a route, with few `**` so that the reference is fast."""
    segments = rng.choice(routes).split("/")[1:]
    for _ in range(rng.randrange(4)):
        place = rng.randrange(len(segments))
        segments[place] = _starred(rng, segments[place])
    if rng.random() < 0.3:
        segments = [*segments[: rng.randrange(len(segments) + 1)], "**"]
    while segments.count("**") > 3:
        segments.remove("**")
    return "/" + "/".join(segments)


def target(rng: random.Random, routes: Sequence[str], prefix: str = "") -> str:
    """Return a percent-encoded request target similar to a route."""
    text = prefix + rng.choice(routes)
    for _ in range(rng.choice((0, 1, 1, 1, 2, 3))):
        text = rng.choice(_MUTATIONS)(rng, text)
    return quote(text, safe="/%?;+\\*.~!$&'(),:=@[]{}|^`\"<>#")


def _starred(rng: random.Random, segment: str) -> str:
    star = rng.choice(_STARS)
    if star == "**" or not segment or "{" in segment or rng.random() < 0.3:
        return star
    begin = rng.randrange(len(segment))
    end = rng.randrange(begin, len(segment)) + 1
    return segment[:begin] + star + segment[end:]


def _inserted(rng: random.Random, text: str) -> str:
    place = rng.choice((len(text), rng.randrange(len(text) + 1)))
    return text[:place] + rng.choice(_PIECES) + text[place:]


def _encoded(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text))
    return f"{text[:place]}%{ord(text[place]):02{rng.choice('xX')}}{text[place + 1 :]}"


def _encoded_twice(rng: random.Random, text: str) -> str:
    return _encoded(rng, text).replace("%", "%25", 1)


def _cased(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text))
    return text[:place] + text[place].swapcase() + text[place + 1 :]


def _cut(rng: random.Random, text: str) -> str:
    place = rng.randrange(1, len(text) + 1)
    return text[:place] + text[place + 1 :]


def _behind_another(rng: random.Random, text: str) -> str:
    return rng.choice(("/greeting/..", "/public/%2e%2e", "/x;/..", "/./", "/%2e")) + text


def _any_byte(rng: random.Random, text: str) -> str:
    place = rng.randrange(len(text) + 1)
    return f"{text[:place]}%{rng.randrange(256):02x}{text[place:]}"


_MUTATIONS: tuple[Callable[[random.Random, str], str], ...] = (
    *(_inserted, _inserted, _encoded, _encoded_twice, _cased, _cut, _behind_another, _any_byte),
)
