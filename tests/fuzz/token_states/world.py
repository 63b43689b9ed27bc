"""Two replicas of cas-server, as processes, on one real Redis."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import httpx
from redis import Redis

from cas_server.throttling.failure_counters import COUNTERS, Kind
from chassis.config import ConfigSource
from chassis.testing import ConfigDirectory, installed
from chassis.testing.service_process import ServiceProcess
from eventually import PATIENCE_S, poll
from redis_process import redis_port, store

REPLICAS = 2
_COUNTERS = [f"w:{kind}:{counter}" for kind in Kind for counter in COUNTERS]


class Reply(NamedTuple):
    """A response, and the times (Unix seconds) between which it was made."""

    status: int
    body: dict[str, Any]
    began: float
    ended: float


class World:
    """Sends requests to the replicas, and changes what both are configured with."""

    def __init__(
        self, config: ConfigDirectory, processes: list[ServiceProcess], redis: int
    ) -> None:
        self._config, self._processes = config, processes
        self._redis = Redis(port=redis)
        self._http = httpx.Client(timeout=PATIENCE_S, trust_env=False)

    def close(self) -> None:
        """Close the connections."""
        self._http.close()
        self._redis.close()

    def apply(self, configuration: Mapping[str, object]) -> None:
        """Swap the configuration, and return once both replicas follow it."""
        if not self._config.swap({"application.yaml": configuration}):
            return
        wanted = ConfigSource("cas-server", config_dir=self._config.path).read().hash
        for process in self._processes:
            poll(partial(self._follows, process, wanted), "the reload")

    def forget_failures(self) -> None:
        """Delete the failures of wrong secrets: all callers here have one address."""
        self._redis.delete(*_COUNTERS, *(f"{counter}:ends" for counter in _COUNTERS))

    def post(
        self, path: str, form: Mapping[str, str], credentials: tuple[str, str], replica: int
    ) -> Reply:
        """Send a form as a client."""
        url = self._processes[replica].url + path
        return self._sent("POST", url, data=dict(form), auth=credentials)

    def get(self, path: str, replica: int, **headers: str) -> Reply:
        """Read a resource."""
        return self.send("GET", path, replica, **headers)

    def send(self, method: str, path: str, replica: int, **headers: str) -> Reply:
        """Send a request without a body."""
        return self._sent(method, self._processes[replica].url + path, headers=headers)

    def page(
        self, method: str, path: str, replica: int, cookies: Mapping[str, str], **options: Any
    ) -> httpx.Response:
        """Send what a browser sends, with these cookies alone."""
        cookie = "; ".join(f"{name}={value}" for name, value in cookies.items())
        headers = {"Accept": "text/html", "Cookie": cookie}
        url = self._processes[replica].url + path
        reply = self._http.request(method, url, headers=headers, **options)
        self._http.cookies.clear()
        return reply

    def _sent(self, method: str, url: str, **options: Any) -> Reply:
        began = time.time()
        reply = self._http.request(method, url, **options)
        return Reply(reply.status_code, reply.json(), began, time.time())

    def _follows(self, process: ServiceProcess, wanted: str) -> bool:
        info: dict[str, Any] = self._http.get(f"{process.management}/info").json()
        assert info["reload"]["successful"], info["reload"]
        return bool(info["config"]["hash"] == wanted)


@contextmanager
def running(directory: Path) -> Iterator[World]:
    """Run Redis and the replicas during the block."""
    with ExitStack() as stack:
        (directory / "redis").mkdir()
        redis = stack.enter_context(redis_port(directory / "redis"))
        config = ConfigDirectory(directory / "config", {"application.yaml": {"clients": {}}})
        processes = [
            stack.enter_context(
                ServiceProcess(installed.cas_server(), store(redis), config=config.path)
            )
            for _ in range(REPLICAS)
        ]
        world = World(config, processes, redis)
        stack.callback(world.close)
        yield world


def pause(until: float) -> None:
    """Return after a time (Unix seconds)."""
    # clock: what expires by the clock of cas-server and Redis
    while (left := until - time.time()) >= 0:
        time.sleep(left + 0.01)
