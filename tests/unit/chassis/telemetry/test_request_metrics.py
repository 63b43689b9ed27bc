"""Metrics of requests."""

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from chassis.telemetry.request_metrics import RequestMetrics


def exposed(*observations: tuple[str, str, int, float]) -> list[str]:
    registry = CollectorRegistry()
    metrics = RequestMetrics(registry)
    for observation in observations:
        metrics.observe(*observation)
    return generate_latest(registry).decode().splitlines()


def test_requests_are_counted_by_method_route_and_status() -> None:
    lines = exposed(("GET", "/items/{id}", 200, 0.003), ("GET", "/items/{id}", 200, 0.3))
    (counted,) = [line for line in lines if line.startswith("http_server_requests_seconds_count")]

    assert all(label in counted for label in ('method="GET"', 'status="200"', 'uri="/items/{id}"'))
    assert counted.endswith(" 2.0")
    assert any('le="0.005"' in line and line.endswith(" 1.0") for line in lines)
    assert any('le="+Inf"' in line and line.endswith(" 2.0") for line in lines)


@pytest.mark.bound("metric-labels")
def test_an_unknown_method_does_not_become_a_label() -> None:
    lines = exposed(*((f"VERB{i}", "/x", 405, 0.1) for i in range(50)))

    assert sum("_count" in line for line in lines) == 1
    assert any('method="OTHER"' in line for line in lines)


def test_a_bucket_includes_its_upper_bound() -> None:
    """Prometheus' `le` is less or equal."""
    lines = exposed(("GET", "/x", 200, 0.005))

    assert any('le="0.005"' in line and line.endswith(" 1.0") for line in lines)
