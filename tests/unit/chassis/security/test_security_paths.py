"""Ant patterns of `security.path.ignores`: as Spring reads them, and never more open."""

import pytest

from chassis.security.paths import PathPatterns


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
    ],
)
def test_a_path_that_may_be_read_in_two_ways_is_never_open(path: str) -> None:
    assert not PathPatterns(["/public/**"]).match(path)


def test_without_patterns_nothing_is_open() -> None:
    assert not PathPatterns([]).match("/")


def test_each_of_several_patterns_opens() -> None:
    patterns = PathPatterns(["/a", "/b/**"])
    assert patterns.match("/a")
    assert patterns.match("/b/c")
    assert not patterns.match("/c")
