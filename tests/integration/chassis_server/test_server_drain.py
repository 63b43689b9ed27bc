"""docs/design/runtime.md, "Shutdown": the shutdown of a replica loses no request."""

import json
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from eventually import poll
from integration.chassis_server.service_process import ServiceProcess, sample_service


@dataclass
class Caller:
    """A keep-alive client. It uses another replica once the balancer was notified (`balanced`)."""

    service: ServiceProcess
    balanced: threading.Event
    closes: list[bool] = field(default_factory=list)

    def run(self) -> int:
        connection = self.service.connect()
        while not self.balanced.is_set():
            connection.request("GET", "/message")
            response = connection.getresponse()
            assert response.status == 200
            assert response.read() == b'"hello"'
            self.closes.append(response.getheader("connection") == "close")
            if self.closes[-1]:
                connection.close()
        connection.close()
        return len(self.closes)


def test_sigterm_under_load_loses_no_request() -> None:
    with sample_service("--server.drain-wait=1h") as service, ThreadPoolExecutor() as pool:
        balanced = threading.Event()
        callers = [Caller(service, balanced) for _ in range(6)]
        running = [pool.submit(caller.run) for caller in callers]
        try:
            _more_responses(callers)
            service.signal()
            service.until("draining")
            # The balancer is notified later than the replica, and drain-wait covers this lag.
            _more_responses(callers)
        finally:
            balanced.set()
        for result in running:
            result.result()
        service.signal()

        assert service.ended() == 0
        assert all(caller.closes[-1] for caller in callers)


def _more_responses(callers: list[Caller]) -> None:
    """Wait until each caller has received more responses."""
    goals = [len(caller.closes) + 10 for caller in callers]
    poll(lambda: all(len(c.closes) >= goal for c, goal in zip(callers, goals, strict=True)))


@pytest.mark.bound("drain")
def test_a_draining_replica_is_alive_and_not_ready() -> None:
    with sample_service("--server.drain-wait=1h") as service:
        before = [service.probe(path) for path in ("/livez", "/readyz", "/startupz")]
        service.signal()
        service.until("draining")

        assert before == [200, 200, 200]
        assert [service.probe(path) for path in ("/livez", "/readyz", "/startupz")] == [
            200,
            503,
            200,
        ]
        assert service.get("/message").getheader("connection") == "close"


def test_an_active_request_completes_after_sigterm_and_pools_close_after_it() -> None:
    with sample_service("--server.drain-wait=0.2") as service:
        connection = service.connect()
        connection.request("GET", "/slow/0.8")
        service.until("slow began")
        service.signal()
        response = connection.getresponse()

        assert (response.status, response.read()) == (200, b'"done"')
        assert response.getheader("connection") == "close"
        assert service.ended() == 0
        assert service.messages()[-2:] == ["resources closed", "stopped"]


def test_a_second_signal_exits_immediately() -> None:
    with sample_service("--server.drain-wait=1h") as service:
        connection = service.connect()
        connection.request("GET", "/slow/3600")
        service.until("slow began")
        service.signal()
        service.until("draining")
        service.signal(signal.SIGINT)

        assert service.ended() == 0


def test_immediate_shutdown_does_not_drain() -> None:
    with sample_service("--server.drain-wait=1h", "--server.shutdown=immediate") as service:
        connection = service.connect()
        connection.request("GET", "/slow/3600")
        service.until("slow began")
        service.signal()

        assert service.ended() == 0


@pytest.mark.bound("shutdown")
def test_a_request_longer_than_the_shutdown_timeout_is_aborted() -> None:
    flags = ("--server.drain-wait=0", "--server.shutdown-timeout=1")
    with sample_service(*flags) as service:
        connection = service.connect()
        connection.request("GET", "/slow/3600")
        service.until("slow began")
        service.signal()

        assert service.ended() == 0
        response = connection.getresponse()
        assert response.status == 503
        assert json.loads(response.read())["error"] == "temporarily_unavailable"
