"""The application as its authors test it, and logs as they are written."""

import json
from collections.abc import Callable, Iterator

import pytest
import structlog

from chassis.telemetry.logs import set_levels
from chassis.testing import serve

__all__ = ["restored", "serve", "written"]


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    """Leave logging as it was."""
    yield
    structlog.reset_defaults()
    set_levels({"root": "WARNING"})


@pytest.fixture
def written(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[dict[str, object]]]:
    """Return what reads the lines written since it was asked last."""
    return lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
