"""docs/configuration-syntax.md: which documents apply, and in which order."""

from pathlib import Path

import pytest

from unit.chassis.config.config_kit import load, refusal, source, work_of_load

THREE = """
greeting: {message: default}
---
spring.profiles: dev
greeting: {message: dev}
---
spring: {config: {activate: {on-profile: prod}}}
greeting: {message: prod}
---
profiles: [test, stage]
greeting: {message: test}
"""


@pytest.mark.parametrize("profile", ["dev", "prod", "test"])
def test_a_document_applies_when_its_profile_is_active(tmp_path: Path, profile: str) -> None:
    assert load(source(tmp_path, THREE, profiles=(profile,))).greeting.message == profile


def test_without_active_profiles_the_default_profile_applies(tmp_path: Path) -> None:
    assert load(source(tmp_path, THREE)).greeting.message == "default"


def test_a_later_document_wins_whatever_the_order_of_the_profiles(tmp_path: Path) -> None:
    assert load(source(tmp_path, THREE, profiles=("prod", "dev"))).greeting.message == "prod"


def test_default_documents_apply_first_wherever_they_are_in_the_file(tmp_path: Path) -> None:
    text = "spring.profiles: dev\nversion: dev\n---\nversion: default\nflag: true\n"

    settings = load(source(tmp_path, text, profiles=("dev",)))

    assert (settings.version, settings.flag) == ("dev", True)


def test_maps_merge_and_lists_are_replaced_whole(tmp_path: Path) -> None:
    text = "greeting: {message: hi, words: [a, b]}\n---\nspring.profiles: dev\ngreeting.words: [c]"

    greeting = load(source(tmp_path, text, profiles=("dev",))).greeting

    assert (greeting.message, greeting.words) == ("hi", ("c",))


def test_on_profile_overrides_spring_profiles(tmp_path: Path) -> None:
    text = "flag: false\n---\nspring: {profiles: dev, config.activate.on-profile: prod}\nflag: true"

    assert not load(source(tmp_path, text, profiles=("dev",))).flag
    assert load(source(tmp_path, text, profiles=("prod",))).flag


def test_a_mapping_below_spring_profiles_is_not_a_selector(tmp_path: Path) -> None:
    assert load(source(tmp_path, "spring: {profiles: {active: dev}}\nflag: true")).flag


def test_application_profile_yaml_overrides_application_yaml(tmp_path: Path) -> None:
    found = source(tmp_path, THREE, profiles=("dev",), application_dev="greeting.message: beside")

    assert load(found).greeting.message == "beside"


@pytest.mark.parametrize("text", ["", "\n---\n", "# only a comment", "{}", "~"])
def test_an_empty_document_is_refused(tmp_path: Path, text: str) -> None:
    """docs/design/runtime.md, "Mistakes of other reloaders": 6."""
    assert "is empty; it would reset every setting" in refusal(source(tmp_path, text))


def test_a_file_without_a_document_for_the_profiles_is_refused(tmp_path: Path) -> None:
    text = "spring.profiles: dev\nflag: true"

    assert "no document for the active profiles" in refusal(source(tmp_path, text))


def test_a_directory_without_application_yaml_is_refused(tmp_path: Path) -> None:
    assert "contains no application.yaml" in refusal(source(tmp_path, application_dev="flag: true"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flag: true\nversion: [a\n\nx: 1", "application.yaml:2: invalid YAML: "),
        ('flag: true\nversion: "a\n\nx: 1', "application.yaml:2: invalid YAML: "),
        ("flag: true\nversion: a: b", "application.yaml:2: invalid YAML: "),
        ("flag: true\n---\n- a", "application.yaml:3: a document must be a mapping"),
        ("a: 1\nA: 2", "application.yaml:2: duplicate key A, first in line 1"),
        ("{a: 1, a: 2}", "application.yaml:1: duplicate key a, first in line 1"),
        ("flag: true\nspring.profiles: !prod", "application.yaml:2: has a YAML tag"),
        ("spring.profiles: dev &", "application.yaml:1: profiles: invalid profile"),
        ("? [a]\n: 1", "application.yaml:1: a key must be a name"),
        ("a: &a\n  b: *a", "application.yaml: nests too deeply"),
        ("flag: \x00", "application.yaml: invalid YAML: a character is not allowed"),
    ],
)
def test_invalid_configuration_is_refused_with_file_and_line(
    tmp_path: Path, text: str, said: str
) -> None:
    assert refusal(source(tmp_path, text)).startswith(said)


def test_nested_yaml_aliases_are_refused_before_they_fill_memory(tmp_path: Path) -> None:
    lines = ["a: &a [1]"]
    for below, name in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{name}: &{name} [{', '.join([f'*{below}'] * 10)}]")

    assert "is too large" in refusal(source(tmp_path, "\n".join(lines)))


def test_a_mappings_own_keys_override_merge_keys(tmp_path: Path) -> None:
    text = "base: &base {message: base, words: a}\ngreeting: {message: own, <<: *base}"

    greeting = load(source(tmp_path, text)).greeting

    assert (greeting.message, greeting.words) == ("own", ("a",))


def test_a_key_takes_a_bounded_number_of_calls_however_many_there_are(tmp_path: Path) -> None:
    def calls(sections: int) -> int:
        keys = "".join(f"    key-{number}: value number {number}\n" for number in range(20))
        big = "".join(f"section-{number}:\n  inner:\n{keys}" for number in range(sections))
        return work_of_load(source(tmp_path, f"flag: true\nforeign:\n  x: 1\n{big}")).calls

    calls(1)  # what is made once, such as the fields of a model
    few, many = calls(10), calls(40)

    assert (many - few) / (30 * 20) < 120  # 76, and the same on every machine
