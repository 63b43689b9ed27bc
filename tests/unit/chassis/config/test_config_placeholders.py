"""docs/configuration-syntax.md: placeholders, the tree, the environment."""

from pathlib import Path

import pytest

from unit.chassis.config.config_kit import load, refusal, source


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("base-url: http://cas\ngreeting.message: ${base-url}/oauth", "http://cas/oauth"),
        ("a: {b-c: deep}\ngreeting.message: ${a.bC}", "deep"),
        ("a: ${b}\nb: end\ngreeting.message: ${a} ${b}", "end end"),
        ("greeting.message: ${nowhere:http://x:80}", "http://x:80"),
        ("b: inner\ngreeting.message: ${nowhere:${b}}", "inner"),
        ("greeting.message: ${nowhere:}", ""),
        ("greeting.message: ${POD_NAME}", "rest-0"),
        ("greeting.message: ${pod.name}", "rest-0"),
        ("POD_NAME: tree\ngreeting.message: ${POD_NAME}", "tree"),
        ("on: true\ngreeting.message: is ${on}", "is true"),
        ("greeting.message: costs $5 {each}", "costs $5 {each}"),
    ],
)
def test_a_placeholder_is_resolved(tmp_path: Path, text: str, message: str) -> None:
    found = source(tmp_path, text, environ={"POD_NAME": "rest-0"})

    assert load(found).greeting.message == message


def test_a_single_placeholder_may_resolve_to_a_list(tmp_path: Path) -> None:
    text = "open: [/a, /b]\nsecurity.path.ignores: ${open}"

    assert load(source(tmp_path, text)).security.path.ignores == ("/a", "/b")


def test_profile_documents_are_merged_before_placeholders_resolve(tmp_path: Path) -> None:
    text = "who: all\ngreeting.message: Hello ${who}\n---\nspring.profiles: dev\nwho: dev"

    assert load(source(tmp_path, text, profiles=("dev",))).greeting.message == "Hello dev"


def test_only_placeholders_of_settings_that_are_read_must_resolve(tmp_path: Path) -> None:
    """A seed stack's file refers to variables that this suite does not use."""
    text = "flag: true\nspring.datasource.url: ${DB_URL}\nunused: ${nowhere}"

    assert load(source(tmp_path, text)).flag


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "flag: true\ngreeting:\n  message: ${nope}",
            (
                "application.yaml:3: greeting.message: ${nope} is undefined; define it, or"
                " give a default: ${nope:...}"
            ),
        ),
        (
            "greeting.message: ${a}\na: ${b}\nb: ${a}",
            (
                "application.yaml:3: greeting.message: ${a} refers to itself"
                " (greeting.message -> a -> b -> a)"
            ),
        ),
        (
            "greeting.message: ${a",
            "application.yaml:1: greeting.message: has an unclosed placeholder",
        ),
    ],
)
def test_an_unresolvable_placeholder_is_refused_with_key_file_and_line(
    tmp_path: Path, text: str, said: str
) -> None:
    assert refusal(source(tmp_path, text)) == said


def test_a_mounted_secret_is_used_verbatim(tmp_path: Path) -> None:
    found = source(tmp_path, secrets={"greeting.message": "pa${ss}word\n"})

    assert load(found).greeting.message == "pa${ss}word"
