"""Fixtures of the doctor's tests."""

import pytest

from suitectl.doctor import programs, python


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let programs take their time: beside other tests they start late."""
    monkeypatch.setattr(programs, "SECONDS", 60.0)
    monkeypatch.setattr(python, "_PIP_SECONDS", 60.0)
