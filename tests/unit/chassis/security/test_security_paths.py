"""Ant patterns of `security.path.ignores`: matched as in Spring, and never more openly."""

import pytest

from chassis import ServiceSettings
from chassis.security.paths import PathPatterns
from eventually import PATIENCE_S


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/greeting", "/greeting"),
        ("greeting", "/greeting"),
        ("/public/**", "/public"),
        ("/public/**", "/public/a/b"),
        ("/**", "/"),
        ("/**/health", "/health"),
        ("/**/health", "/a/b/health"),
        ("/a/**/b", "/a/b"),
        ("/a/**/b", "/a/x/y/b"),
        ("/a/*.js", "/a/app.js"),
        ("/v?", "/v1"),
        ("/items/{name}", "/items/lamp"),
        ("/items/{name}/parts", "/items/lamp/parts"),
        ("/{a}-{b}.html", "/x-y.html"),
        ("/a/*", "/a/"),
        ("/a/**/", "/a/b/"),
        ("/caf?", "/caf\N{LATIN SMALL LETTER E WITH ACUTE}"),
    ],
)
def test_a_pattern_opens_the_paths_it_names(pattern: str, path: str) -> None:
    assert PathPatterns([pattern]).match(path)


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/greeting", "/greeting/"),
        ("/greeting", "/GREETING"),
        ("/greeting", "/greetings"),
        ("/public/**", "/publicity"),
        ("/a/*", "/a/b/c"),
        ("/a/*.js", "/a/b/app.js"),
        ("/v?", "/v"),
        ("/a.b", "/axb"),
        ("/a/**/b", "/a/xb"),
        ("/**/health", "/unhealth"),
        ("/items/{name}", "/items/"),
        ("/items/{name}", "/items/lamp/parts"),
        ("/**", ""),
        ("/a|/b", "/a"),
        ("/a$", "/a"),
        ("/[a]", "/a"),
    ],
)
def test_a_pattern_opens_nothing_else(pattern: str, path: str) -> None:
    assert not PathPatterns([pattern]).match(path)


@pytest.mark.parametrize(
    "path",
    [
        "/public/../api/admin",
        "/public/./x",
        "/public//x",
        "/public/..",
        "/public/x;jsessionid=1",
        "/public\\..\\api",
        "/public/\x00",
        "/public/\n",
        "/public/x\n",
        "/public/..\n",
        "/public/\x7f",
        "/public/\x85",
        "/public/" + chr(0xDCFF),
        "/public/\ufffd",
        "/public/%2e%2e/api",
    ],
)
def test_an_ambiguous_path_is_never_open(path: str) -> None:
    assert not PathPatterns(["/public/**"]).match(path)


def test_without_patterns_nothing_is_open() -> None:
    assert not PathPatterns([]).match("/")


def test_each_of_several_patterns_opens_its_paths() -> None:
    patterns = PathPatterns(["/a", "/b/**"])
    assert patterns.match("/a")
    assert patterns.match("/b/c")
    assert not patterns.match("/c")


@pytest.mark.timeout(PATIENCE_S)
@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("/*-*-*.html", "/" + "-" * 30_000),
        ("/static/*.*.js", "/static/" + "." * 30_000),
        ("/" + "*a" * 12 + "b", "/" + "a" * 30_000),
        ("/{a}-{b}-{c}x", "/" + "-" * 30_000),
        ("/**/a/**/a/**/b", "/a" * 15_000),
        ("/**/*a*/**/*a*/x", "/aaa" * 7_500),
        ("/**/" + "a/" * 20 + "b", "/a" * 15_000),
        ("/**/" + "?" * 50 + "b", "/" + "a" * 30_000),
    ],
)
def test_every_pattern_matches_in_linear_time(pattern: str, path: str) -> None:
    """A matcher that backtracks at each star takes hours for the first of them."""
    assert not PathPatterns([pattern]).match(path)


@pytest.mark.parametrize("pattern", ["/{name:[a-z]+}", "/{*rest}", "/{a", "/a}", "/{}", "/{a{2}}"])
def test_braces_that_hold_more_than_a_name_are_refused(pattern: str) -> None:
    """Spring allows regular expressions there, whose time can't be bounded."""
    with pytest.raises(ValueError, match="braces"):
        ServiceSettings(security={"path": {"ignores": [pattern]}})


@pytest.mark.bound("open-paths")
def test_too_many_patterns_are_refused() -> None:
    """To compile one mebibyte of them takes half a minute, during which no request is served."""
    many = [f"/api/{number:04}" for number in range(800)]
    ServiceSettings(security={"path": {"ignores": many}})
    with pytest.raises(ValueError, match="more than 8192 characters"):
        ServiceSettings(security={"path": {"ignores": many * 2}})
