"""PROTOCOL: too many failures are a 429 with Retry-After; the owner is never locked out."""

import pytest

from cas_server.errors import TooManyFailures
from cas_server.throttle import FAILURES, Throttle


def _guessed(times: int, address: str = "10.0.0.1") -> Throttle:
    throttle = Throttle()
    for _ in range(times):
        throttle.failed("app", address)
    return throttle


def test_failures_below_the_bound_are_no_reason() -> None:
    _guessed(FAILURES - 1).admit("app", "10.0.0.1")


def test_failures_at_the_bound_are_told_when_to_come_back() -> None:
    with pytest.raises(TooManyFailures) as refused:
        _guessed(FAILURES).admit("app", "10.0.0.1")
    assert refused.value.status == 429
    assert 1 <= int(refused.value.headers["Retry-After"]) <= 60


def test_another_address_and_another_name_are_not_locked_out() -> None:
    throttle = _guessed(FAILURES)
    throttle.admit("app", "10.0.0.2")
    throttle.admit("other", "10.0.0.1")


def test_window_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    throttle = _guessed(FAILURES)
    monkeypatch.setattr("cas_server.throttle.time.monotonic", lambda: float("inf"))
    throttle.admit("app", "10.0.0.1")


def test_memory_is_bounded() -> None:
    throttle = Throttle()
    for number in range(20_000):
        throttle.failed(f"name-{number}", "10.0.0.1")
    assert len(throttle._counts) == 10_000
