"""Fixtures of all configuration tests."""

import pytest

from chassis.config import budget


@pytest.fixture(autouse=True)
def _unlimited_cpu_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Disable the CPU-time limit of a load, since tests check the limits that count steps."""
    monkeypatch.setattr(budget, "_CPU_S", 600.0)
