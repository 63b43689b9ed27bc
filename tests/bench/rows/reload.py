"""The time from the swap of a mounted ConfigMap to the first response with its value."""

import http.client
import statistics
import time
from functools import partial

from bench.row import bounded
from bench.stack import SERVICE, Service, Stack
from chassis.testing import ConfigDirectory

SWAPS = 200
LIMITS_MS = {50: 20.0, 99: 50.0}


def _measure(stack: Stack, runs: int, percentile: int) -> list[float]:
    place = stack.directory / f"swapped-{percentile}"
    volume = ConfigDirectory(place / "config", {"application.yaml": _configuration(0)})
    secrets = ConfigDirectory(place / "secrets", {"unused": ""})
    mounts = {"CONFIG_DIR": str(volume.path), "SECRETS_DIR": str(secrets.path)}
    with stack.running(SERVICE, mounts) as service:
        took = (_percentiles(volume, service, run * SWAPS) for run in range(1, runs + 1))
        return [one[percentile - 1] for one in took]


def _configuration(number: int) -> str:
    return f"greeting:\n  message: greeting-{number}.\nsecurity:\n  path:\n    ignores: /greeting\n"


def _percentiles(volume: ConfigDirectory, service: Service, first: int) -> list[float]:
    """Return the 1st to 99th percentile of one round of swaps, in milliseconds."""
    took = [_swap(volume, service, first + number) for number in range(SWAPS)]
    return statistics.quantiles(took, n=100, method="inclusive")


def _swap(volume: ConfigDirectory, service: Service, number: int) -> float:
    """Return the milliseconds until a response has the swapped greeting, the swap included."""
    began = time.perf_counter()
    volume.swap({"application.yaml": _configuration(number)})
    connection = http.client.HTTPConnection(service.url.removeprefix("http://"), timeout=5)
    wanted = f"greeting-{number}."
    while time.perf_counter() - began < 10:
        connection.request("GET", "/greeting")
        if wanted in connection.getresponse().read().decode():
            connection.close()
            return (time.perf_counter() - began) * 1000
        time.sleep(0.001)
    raise TimeoutError(f"{wanted} was not served within 10 s")


ROWS = tuple(
    bounded(
        f"ConfigMap swap to served value, p{percentile}",
        limit,
        "ms",
        partial(_measure, percentile=percentile),
    )
    for percentile, limit in LIMITS_MS.items()
)
