"""YAML is read as kubectl reads it: go-yaml v2's rules, compared with sigs.k8s.io/yaml 1.6."""

from typing import Any

import pytest

from localkube.api.yaml_reader import ALIASED_LIMIT, parse
from localkube.api.yaml_writer import to_yaml
from localkube.errors import UsageError

TEXTS = (
    *("1:30", "1:30:45", "-1:30", "2001-12-14", "2001-12-14t21:59:43.10-05:00", "=", "<<", "tRue"),
    *("1.2.3", "0x", "0b12", "0xg", "_1", "+", ".", "._5", ".5_", "1e999", "nan", "Inf", "1,000"),
    *(".infinity", "12e", "0x1p4"),
)
VALUES: dict[str, Any] = {
    **dict.fromkeys(("y", "Y", "yes", "YES", "on", "On", "true", "TRUE"), True),
    **dict.fromkeys(("n", "N", "no", "No", "off", "OFF", "false"), False),
    **dict.fromkeys(("~", "null", "Null", "NULL", ""), None),
    "0777": 511,
    "0o14": 12,
    "0O14": 12,
    "-017": -15,
    "08": 8,
    "0999": 999,
    "0x1F": 31,
    "0b11": 3,
    "-0b11": -3,
    "1_000": 1000,
    "1_": 1,
    "0o_7": 7,
    "0x_f": 15,
    "+1": 1,
    "-0": 0,
    "18446744073709551615": 2**64 - 1,
    "1.0": 1,
    "1e3": 1000,
    "0777.5": 777.5,
    ".5_0": 0.5,
    "1_000.5": 1000.5,
    "5.": 5,
    "+.5": 0.5,
    "1e-7": 1e-7,
}


@pytest.mark.parametrize("text", TEXTS)
def test_a_scalar_that_kubectl_reads_as_a_string_is_a_string(text: str) -> None:
    assert parse(f"a: {text}", "x") == [{"a": text}]


@pytest.mark.parametrize("text", VALUES)
def test_a_scalar_has_the_value_that_kubectl_gives_it(text: str) -> None:
    (found,) = parse(f"a: {text}", "x")

    assert found == {"a": VALUES[text]}
    assert type(found["a"]) is type(VALUES[text])


@pytest.mark.parametrize("text", [*TEXTS, *VALUES])
def test_a_string_that_reads_as_another_type_is_quoted(text: str) -> None:
    assert parse(to_yaml({"a": text, text: "a"}), "x") == [{"a": text, text: "a"}]


@pytest.mark.parametrize("text", ["1:30", "2001-12-14", "="])
def test_a_string_that_other_parsers_read_as_another_type_is_quoted(text: str) -> None:
    """kubectl quotes them as well."""
    assert to_yaml({"a": text}) == f"a: '{text}'\n"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a: 1\nb: 2\na: 3", 'x:3: not valid YAML: key "a" already set in map'),
        ("a: {b: 1, b: 2}", 'x:1: not valid YAML: key "b" already set in map'),
        ('1: a\n"1": b', 'x:2: not valid YAML: key "1" already set in map'),
        ('{"a": 1, "a": 2}', 'key "a" already set in map'),
        ("a: &a [*a]", "anchor value contains itself"),
        ("a: .inf", "unsupported value: .inf"),
        ("a: !!int 1:30", "cannot decode '1:30' as a int"),
        ("a: !!int [1]", "cannot decode"),
        ("? [a]\n: b", "invalid map key"),
        ("~: a", "invalid map key"),
        ("a: [b", "x:2: not valid YAML"),
        ("a: !!binary '!'", "invalid base64"),
        ("[" * 100_000, "not valid YAML"),
    ],
)
def test_yaml_that_kubectl_refuses_is_refused(text: str, reason: str) -> None:
    with pytest.raises(UsageError) as error:
        parse(text, "x")

    assert reason in str(error.value)


@pytest.mark.bound("localkube-aliases")
def test_excessive_aliases_are_refused() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]

    with pytest.raises(UsageError, match="document contains excessive aliasing"):
        parse("\n".join(lines), "x")
    assert ALIASED_LIMIT < 10**8


def test_keys_are_strings_and_unknown_tags_are_ignored() -> None:
    text = "1: a\nyes: b\n1.5: c\ndate: !!timestamp 2001-12-14\nown: !own {b: !x 5}\n"
    text += "bin: !!binary aGk="

    assert parse(text, "x") == [
        {"1": "a", "true": "b", "1.5": "c", "date": "2001-12-14", "own": {"b": "5"}, "bin": "hi"}
    ]


def test_explicit_keys_override_a_merge_key() -> None:
    text = "base: &b {a: 1, b: 2}\nmore:\n  <<: *b\n  b: 3\nsame: {b: 4, <<: *b}"

    (found,) = parse(text, "x")

    assert (found["more"], found["same"]) == ({"a": 1, "b": 3}, {"a": 1, "b": 4})
