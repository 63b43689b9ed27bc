"""A live edit changes one setting of a ConfigMap's text, or breaks exactly that line."""

import pytest
import yaml

from suitectl import catalogue
from suitectl.catalogue import LIVE_PATH, LIVE_SETTING
from suitectl.commands.greet import _text
from suitectl.errors import CommandFailedError
from suitectl.live.setting_text import broken, replaced, values

TEXT = """\
greeting:
  message: Hello from everywhere    # a comment
---
profile: dev
greeting.message: Hello from dev
---
greeting: {message: 'Hello from dev', words: [a]}
"""
SETTING = "greeting.message"


@pytest.mark.parametrize("new", ["Good morning", 'it\'s: "this"', "ä § 中", "no", "0123", "{a}"])
def test_only_the_value_that_is_served_is_replaced(new: str) -> None:
    edited = replaced(TEXT, SETTING, "Hello from dev", new)
    assert values(edited, SETTING) == ["Hello from everywhere", new, new]
    assert edited.splitlines()[:4] == TEXT.splitlines()[:4]
    assert replaced(edited, SETTING, new, "Hello from dev") == replaced(
        TEXT, SETTING, "Hello from dev", "Hello from dev"
    )


def test_a_broken_text_is_refused_at_the_setting() -> None:
    with pytest.raises(yaml.YAMLError):
        values(broken(TEXT, SETTING, "Hello from everywhere"), SETTING)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (None, "TEXT is missing, such as: make greet TEXT='Good morning'"),
        ("", "TEXT is missing"),
        ("${HOME}", "begins a placeholder"),
        ("a\nb", "on one line"),
        ("x" * 201, "at most 200 characters"),
    ],
)
def test_a_text_that_cannot_be_served_is_refused_in_one_line(text: str | None, reason: str) -> None:
    with pytest.raises(CommandFailedError, match=reason.partition("$")[0]) as raised:
        _text(text)
    assert reason in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", [one.name for one in catalogue.live_services()])
def test_a_setting_that_is_edited_live_is_in_its_config_map_and_its_path_is_open(
    name: str,
) -> None:
    service = catalogue.service_named(name)
    text = next(service.of("ConfigMap"))["data"]["application.yaml"]
    assert values(text, service.annotation(LIVE_SETTING))
    ignored = service.settings["security"]["path"]["ignores"].split(",")
    assert service.annotation(LIVE_PATH) in ignored


def test_a_service_without_a_live_setting_is_named_in_one_line() -> None:
    with pytest.raises(CommandFailedError, match="has no annotation suite/live-setting"):
        catalogue.live_service(catalogue.token_service().name)
