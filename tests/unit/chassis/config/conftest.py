"""What holds for all of the configuration's tests."""

import pytest

from chassis.config import budget


@pytest.fixture(autouse=True)
def _a_busy_machine_loads_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep a load's bound in processor time out of reach: the bounds that count are meant."""
    monkeypatch.setattr(budget, "_CPU_S", 600.0)
