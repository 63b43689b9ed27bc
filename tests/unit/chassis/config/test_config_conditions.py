"""docs/design/configuration.md, "Profiles": which conditions select a document."""

from pathlib import Path

import pytest

from chassis.config import LiveConfig
from unit.chassis.config.config_kit import DemoSettings, load, refusal, source

ACTIVATE = "spring.config.activate"


def _with(condition: str) -> str:
    return f"flag: false\n---\n{condition}\nflag: true\n"


@pytest.mark.parametrize(
    ("condition", "line", "named"),
    [
        (f"{ACTIVATE}.on-property: x", 3, "on-property"),
        (f"{ACTIVATE}: {{on-profile: dev, on-feature: x}}", 3, "on-feature"),
        (f"{ACTIVATE}.on-cloud-platform: heroku", 3, "on-cloud-platform"),
        (f"{ACTIVATE}.on-cloud-platform: [kubernetes, heroku]", 3, "on-cloud-platform"),
        ("spring:\n  config:\n    activate:\n      onWhatever: x", 6, "onWhatever"),
    ],
)
def test_a_document_whose_condition_is_never_met_never_applies(
    tmp_path: Path, condition: str, line: int, named: str
) -> None:
    found = source(tmp_path, _with(condition), profiles=("kubernetes", "dev"))
    current = LiveConfig.load(found, DemoSettings).current

    assert not current.settings.flag
    assert current.unread == (f"application.yaml:{line}: {ACTIVATE}.{named}",)


@pytest.mark.parametrize("platform", ["kubernetes", "KUBERNETES"])
@pytest.mark.parametrize(
    ("more", "profiles", "flag"),
    [
        ("", ("kubernetes",), True),
        ("", ("dev",), False),
        (", on-profile: dev", ("kubernetes", "dev"), True),
        (", on-profile: dev", ("kubernetes",), False),
    ],
)
def test_a_document_for_kubernetes_applies_on_kubernetes(
    tmp_path: Path, platform: str, more: str, profiles: tuple[str, ...], *, flag: bool
) -> None:
    text = _with(f"{ACTIVATE}: {{on-cloud-platform: {platform}{more}}}")

    assert load(source(tmp_path, text, profiles=profiles)).flag is flag


def test_kubernetes_is_detected_by_its_environment_variable(tmp_path: Path) -> None:
    text = _with(f"{ACTIVATE}.on-cloud-platform: kubernetes")

    assert load(source(tmp_path, text, environ={"KUBERNETES_SERVICE_HOST": "10.0.0.1"})).flag


@pytest.mark.parametrize(
    "condition",
    [
        f"{ACTIVATE}.on-profile:",
        f"{ACTIVATE}.on-profile: ''",
        f"{ACTIVATE}.on-profile: {{a: b}}",
        f"{ACTIVATE}.on-profile: [dev, [prod]]",
        f"{ACTIVATE}.on-profile: ${{who}}",
        f"{ACTIVATE}.on-profile: '!${{who}}'",
        "spring.profiles:",
        "profiles: dev &",
    ],
)
def test_an_invalid_selector_is_refused(tmp_path: Path, condition: str) -> None:
    """Regression: each of them selected always, or never, without a message."""
    assert "invalid profile expression" in refusal(source(tmp_path, _with(condition)))
