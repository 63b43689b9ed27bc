"""docs/bounds.md: every load ends soon, in little memory, and with a reason if it fails."""

from pathlib import Path

import pytest

from unit.chassis.config.config_kit import Work, refusal, source, work_of_load

TOO_MUCH = "is too large"


def _doubled(first: str, each: str) -> str:
    return "".join(
        [
            f"a0: {first}\n",
            *(f"a{n}: {each.replace('?', f'${{a{n - 1}}}')}\n" for n in range(1, 30)),
        ]
    )


@pytest.mark.bound("configuration-steps")
@pytest.mark.parametrize(
    "text",
    [
        "greeting.message: ${a29}\n" + _doubled("x", "?" * 2),
        "greeting.message: ${a29}\n" + _doubled("''", "?" * 2),
        "greeting.words: ['${a29}']\n" + _doubled("[x]", "['?', '?']"),
        "greeting.message: ${a29:" + "${b:" * 20_000 + "}" * 20_001,
        "flag: true\nmany: [" + "a," * 250_000 + "]",
        "flag: true\n" + "".join(f"s{n}: {{a: 1}}\n" for n in range(50_000)),
        "a0: &a0 {x: 1}\n"
        + "".join(f"a{n}: &a{n} {{<<: [*a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 40)),
    ],
)
def test_text_that_doubles_at_each_line_is_refused_after_a_bounded_number_of_steps(
    tmp_path: Path, text: str
) -> None:
    """A load that counts too few steps would be refused as well, for its time."""
    assert TOO_MUCH in refusal(source(tmp_path, text))


@pytest.mark.bound("configuration-text")
@pytest.mark.parametrize(
    "text",
    [
        "flag: true\nx: &x " + "y" * 100_000 + "\nmany: [" + "*x," * 100 + "]",
        "x: " + "y" * 100_000 + "\ngreeting.message: " + "${x}" * 100,
    ],
)
def test_text_that_grows_beyond_the_limit_of_a_load_is_refused(tmp_path: Path, text: str) -> None:
    assert TOO_MUCH in refusal(source(tmp_path, text))


@pytest.mark.bound("configuration-depth")
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("flag: true\na: " + "[" * 200 + "]" * 200, "nests too deeply"),
        ("a" + ".a" * 100 + ": 1", "nests too deeply"),
        ("a" + ".a" * 40 + ":\n  b" + ".b" * 40 + ": 1", "nests too deeply"),
        (
            "greeting.message: ${a99}\na0: x\n"
            + "".join(f"a{n}: ${{a{n - 1}}}\n" for n in range(1, 100)),
            "nests too many placeholders",
        ),
        (f"flag: true\n---\nspring.profiles: '{'(' * 5000}'", "too long for a profile expression"),
        (f"flag: true\n---\nspring.profiles: '{'!' * 5000}'", "too long for a profile expression"),
    ],
)
def test_references_that_nest_too_deep_are_refused(tmp_path: Path, text: str, said: str) -> None:
    assert said in refusal(source(tmp_path, text))


@pytest.mark.bound("configuration-key")
@pytest.mark.parametrize("text", [f"? {'k' * 2000}\n: 1", "flag: ${" + "k" * 2000 + "}"])
def test_a_name_too_long_for_a_log_line_is_refused_without_quoting_it(
    tmp_path: Path, text: str
) -> None:
    said = refusal(source(tmp_path, text))

    assert "more than 1024 characters" in said or "longer than 1024 characters" in said
    assert "kkk" not in said


@pytest.mark.bound("configuration-bytes")
def test_a_mount_with_too_many_bytes_is_refused(tmp_path: Path) -> None:
    found = source(tmp_path, "flag: true", secrets={"a": "x" * 3_000_000, "b": "x" * 3_000_000})

    assert refusal(found) == "b: makes its mount larger than 4194304 bytes"


@pytest.mark.parametrize(
    ("text", "each"),
    [
        ("flag: true\n", "a.k{n}: 1\n"),
        ("a: x\ngreeting.message: ", "${{a}} and words that stand between two placeholders, "),
        ("flag: true\naccounts:\n", "  user-{n}: {{level: 1}}\n"),
    ],
)
def test_the_work_of_a_load_is_linear_in_its_size(tmp_path: Path, text: str, each: str) -> None:
    """Regression: each dotted key copied all keys before it, each placeholder all text after it."""

    def work(size: int) -> Work:
        return work_of_load(source(tmp_path, text + "".join(each.format(n=n) for n in range(size))))

    work(1)  # what is made once, such as the fields of a model
    one, few, many = work(1), work(26), work(401)

    assert many.calls - one.calls < 17 * (few.calls - one.calls)  # 16 times as many, not 256
    assert many.copied - one.copied < 400 * 2048  # 30 to 900 bytes each; a copy each is 8000


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("server.port: " + "1" * 5000, "server.port: "),
        ("client.timeout: " + "1" * 5000, "client.timeout: not a duration"),
        ("client.timeout: '1" + " " * 50_000 + "x'", "client.timeout: not a duration"),
        ("client.timeout: 99999999d", "client.timeout: "),
        ("spring.redis.port: " + "9" * 5000, "spring.redis.port: "),
    ],
)
def test_a_huge_number_is_refused_like_any_invalid_one(
    tmp_path: Path, text: str, said: str
) -> None:
    assert said in refusal(source(tmp_path, text))


def test_the_list_of_ignored_settings_is_bounded(tmp_path: Path) -> None:
    from chassis.config import LiveConfig  # noqa: PLC0415 - this test alone looks at a snapshot
    from unit.chassis.config.config_kit import DemoSettings  # noqa: PLC0415 - likewise

    text = "spring:\n" + "".join(f"  s{n}: 1\n" for n in range(600))
    ignored = LiveConfig.load(source(tmp_path, text), DemoSettings).current.ignored

    assert (len(ignored), ignored[-1]) == (501, "and 100 more")
