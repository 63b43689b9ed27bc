"""`make floods`: the effect of anonymous floods on a service's memory and on probe latency.

Each flood runs in a separate process for some seconds, against a separate resource service.
"""

import argparse
import http.client
import math
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from bench.stack import SERVICE, Service, Stack
from load.flood import Flood

PEAK_MIB, AFTER_MIB, PROBE_P99_MS = 40.0, 16.0, 100.0
_PATHS = {"open": b"/greeting", "protected": b"/api/me", "unknown": b"/nothing"}
_CHUNK = b"8000\r\n" + b"b" * 0x8000 + b"\r\n"
_TOKEN = b"Content-Type: application/x-www-form-urlencoded\r\n"


@dataclass(frozen=True, slots=True)
class Cost:
    """MiB above idle, at the peak and some seconds after the flood; the probes' p99 in ms."""

    peak: float
    after: float
    probe: float

    def holds(self) -> bool:
        """Return whether it is within the bounds."""
        return self.peak <= PEAK_MIB and self.after <= AFTER_MIB and self.probe <= PROBE_P99_MS


def main() -> int:
    """Measure, print, and return 1 if a flood exceeds a bound."""
    options = _parse()
    costs = []
    _print(f"{'flood':<44}{'peak':>10}{'after':>10}{'/livez p99':>14}")
    with tempfile.TemporaryDirectory(prefix="suite-floods-") as directory, ExitStack() as processes:
        stack = Stack(Path(directory), processes)
        redis = {
            "SPRING__DATA__REDIS__HOST": "127.0.0.1",
            "SPRING__DATA__REDIS__PORT": str(stack.redis_port),
        }
        for name, (service, flood) in _floods().items():
            with stack.running(service, redis) as running:
                cost = _measure(running, flood, options.seconds, options.rest)
            costs.append(cost)
            line = f"{name:<44}{cost.peak:>+6.1f} MiB{cost.after:>+6.1f} MiB{cost.probe:>11.1f} ms"
            _print(line)
    return int(options.check and not all(cost.holds() for cost in costs))


def _floods() -> dict[str, tuple[str, Flood]]:
    """Return the floods by name."""
    floods: dict[str, tuple[str, Flood]] = {}
    for name, path in _PATHS.items():
        data = b"GET " + path + b" HTTP/1.1\r\nHost: service\r\n\r\n"
        for how, (read, pause) in {
            "reads": (65536, 0.0),
            "reads nothing": (0, 0.0),
            "reads slowly": (100, 0.01),
        }.items():
            flood = Flood(data * 4000, sockets=8, read=read, pause=pause)
            floods[f"pipelined, {name} path, {how}"] = (SERVICE, flood)
        floods[f"chunked bodies, {name} path"] = (SERVICE, _chunked(path))
    for path in (b"/oauth/token", b"/oauth/check_token", b"/oauth/introspect"):
        name = f"chunked bodies, {path.decode()}"
        floods[name] = ("cas-server", _chunked(path))
    return floods


def _chunked(path: bytes) -> Flood:
    head = b"POST " + path + b" HTTP/1.1\r\nHost: service\r\n"
    return Flood(_CHUNK, head + _TOKEN + b"Transfer-Encoding: chunked\r\n\r\n", sockets=150)


def _measure(service: Service, flood: Flood, seconds: float, rest: float) -> Cost:
    for _ in range(200):
        _probe(service)
    before = _rss_mib(service)
    peak, probes = before, []
    with _running(flood, service, seconds) as process:
        while process.is_alive():
            probes.append(_probe(service))
            peak = max(peak, _rss_mib(service))
            time.sleep(0.01)
    time.sleep(rest)
    return Cost(peak - before, _rss_mib(service) - before, _p99(probes))


@contextmanager
def _running(
    flood: Flood, service: Service, seconds: float
) -> Iterator[multiprocessing.process.BaseProcess]:
    url = urlsplit(service.url)
    address = (url.hostname or "", url.port or 0)
    process = multiprocessing.get_context("spawn").Process(
        target=flood.run, args=(address, seconds)
    )
    process.start()
    try:
        yield process
    finally:
        process.kill()
        process.join()


def _probe(service: Service) -> float:
    """Return the milliseconds of one probe on a fresh connection, as kubelet uses."""
    url = urlsplit(service.management)
    began = time.perf_counter()
    connection = http.client.HTTPConnection(url.hostname or "", url.port, timeout=30)
    connection.request("GET", "/livez")
    response = connection.getresponse()
    response.read()
    connection.close()
    if response.status != http.HTTPStatus.OK:
        raise RuntimeError(f"/livez returned {response.status}")
    return (time.perf_counter() - began) * 1000


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _p99(values: list[float]) -> float:
    return sorted(values)[math.ceil(len(values) * 0.99) - 1]


def _rss_mib(service: Service) -> float:
    lines = Path(f"/proc/{service.pid}/status").read_text("ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:")) / 1024


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="floods")
    parser.add_argument("--seconds", type=float, default=10, help="of each flood")
    parser.add_argument(
        "--rest", type=float, default=30, help="seconds from its end to the measurement `after`"
    )
    parser.add_argument("--check", action="store_true", help="exit 1 if a bound is exceeded")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
