"""The application and its written logs."""

import json
from collections.abc import Callable, Iterator

import pytest
import structlog

from chassis.telemetry.logs import set_levels


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Restore the logging configuration after each test."""
    yield
    structlog.reset_defaults()
    set_levels({"root": "WARNING"})


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, object]]]:
    """Return a function that reads the lines written since its last call."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
