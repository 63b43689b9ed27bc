"""The time from the swap of a mounted ConfigMap to the first response with its value."""

import http.client
import statistics
import time

from bench.row import Row, Sample
from bench.stack import SERVICE, Service, Stack
from chassis.testing import ConfigDirectory

SWAPS = 60
LIMIT_MS = 100.0


def _measure(stack: Stack, runs: int) -> list[Sample]:
    volume = ConfigDirectory(stack.directory / "swapped", {"application.yaml": _configuration(0)})
    with stack.running(SERVICE, {"CONFIG_DIR": str(volume.path)}) as service:
        return [Sample(_p99(volume, service, run * SWAPS), LIMIT_MS) for run in range(1, runs + 1)]


def _configuration(number: int) -> str:
    return f"greeting:\n  message: greeting-{number}.\nsecurity:\n  path:\n    ignores: /greeting\n"


def _p99(volume: ConfigDirectory, service: Service, first: int) -> float:
    took = [_swap(volume, service, first + number) for number in range(SWAPS)]
    return statistics.quantiles(took, n=100)[-1]


def _swap(volume: ConfigDirectory, service: Service, number: int) -> float:
    """Return the milliseconds until a response has the swapped greeting."""
    volume.swap({"application.yaml": _configuration(number)})
    began = time.perf_counter()
    connection = http.client.HTTPConnection(service.url.removeprefix("http://"), timeout=5)
    wanted = f"greeting-{number}."
    while time.perf_counter() - began < 10:
        connection.request("GET", "/greeting")
        if wanted in connection.getresponse().read().decode():
            connection.close()
            return (time.perf_counter() - began) * 1000
        time.sleep(0.001)
    raise TimeoutError(f"{wanted} was not served within 10 s")


ROWS = (
    Row(
        title="ConfigMap swap to served value, p99",
        limit_title="limit",
        unit="ms",
        target=LIMIT_MS,
        at_most=True,
        measure=_measure,
        as_ratio=False,
    ),
)
