"""A setting that the responses of a service show."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from suitectl.catalogue import LIVE_PATH, LIVE_SETTING, Service
from suitectl.errors import CommandFailedError
from suitectl.live.config_map import ConfigMap, Stored
from suitectl.live.setting_text import values
from suitectl.live.verdicts import FOLLOWS_WITHIN_S
from suitectl.platform.http import Reply, Request, Sender
from suitectl.platform.platform import Platform
from suitectl.platform.pod import Pod
from suitectl.waiting import until


@dataclass(frozen=True, slots=True)
class Served:
    """A pod's first response with a new text; `at` and `swapped` in Unix seconds."""

    pod: Pod
    reply: Reply
    at: float
    swapped: float


@dataclass(frozen=True, slots=True)
class LiveSetting:
    """The setting that a service's annotation names, and the open path that shows it."""

    platform: Platform
    http: Sender
    service: Service

    @property
    def setting(self) -> str:
        """Return its dotted name."""
        return self.service.annotation(LIVE_SETTING)

    @property
    def path(self) -> str:
        """Return the path whose responses have its text."""
        return self.service.annotation(LIVE_PATH)

    @property
    def config_map(self) -> ConfigMap:
        """Return where it is edited."""
        return ConfigMap(self.platform, self.service)

    async def pods(self) -> Sequence[Pod]:
        """Return the ready pods; raise `CommandFailedError` where there are none."""
        found = await self.platform.pods(self.service.namespace, self.service.name)
        ready = [pod for pod in found if pod.ready]
        if not ready:
            raise CommandFailedError(f"{self.service.name} has no ready pod; try: make up")
        return ready

    async def ask(self, pod: Pod) -> Reply:
        """Ask one pod."""
        url = await self.platform.pod_url(pod) + self.path
        return await self.http.send(Request("GET", url), keep_alive=True)

    def text_in(self, stored: Stored, reply: Reply) -> str:
        """Return which of the texts in the ConfigMap a response has.

        Raises `CommandFailedError` where it has none of them, or the ConfigMap is invalid YAML.
        """
        try:
            found = values(stored.valid, self.setting)
        except yaml.YAMLError:
            name = self.config_map.name
            raise CommandFailedError(
                f"ConfigMap {name} is invalid YAML; mend it: make edit SERVICE={self.service.name}"
            ) from None
        served = set(texts(reply))
        for text in found:
            if text in served:
                return text
        known = ", ".join(found) or "nothing"
        raise CommandFailedError(
            f"GET {self.path} of {self.service.name} shows none of {self.setting}: {known}"
        )

    async def served(self, pod: Pod, text: str) -> Served:
        """Wait until a pod's response has a text; raise `TimeoutError`."""

        async def ask() -> tuple[Reply, float] | None:
            reply = await self.ask(pod)
            return (reply, time.time()) if text in set(texts(reply)) else None

        what = f"{pod.name} to serve {text!r}"
        reply, at = await until(ask, what=what, seconds=FOLLOWS_WITHIN_S, every=0.005)
        return Served(pod, reply, at, await self.platform.swapped_at(pod))

    async def served_by_all(self, pods: Sequence[Pod], text: str) -> Sequence[Served]:
        """Wait for all pods."""
        return await asyncio.gather(*(self.served(pod, text) for pod in pods))


def texts(reply: Reply) -> Iterator[str]:
    """Yield the texts of a JSON response, or of a plain one its body."""
    try:
        yield from _texts(reply.json())
    except ValueError:
        yield reply.body.strip()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for one in value.values() if isinstance(value, dict) else value:
            yield from _texts(one)
