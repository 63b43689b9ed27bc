"""The ConfigMap of a service, and the text of before a break, which an annotation stores."""

import json
import time
from dataclasses import dataclass

from suitectl.catalogue import Service
from suitectl.platform.platform import Platform

KEY = "application.yaml"
BEFORE_BREAK = "suite/before-break"
"""The ConfigMap's annotation with the text that `make break UNDO=1` restores."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What the ConfigMap has now."""

    text: str
    before_break: str | None

    @property
    def valid(self) -> str:
        """Return the text of before a break, or the present one."""
        return self.text if self.before_break is None else self.before_break


@dataclass(frozen=True, slots=True)
class ConfigMap:
    """The ConfigMap of a service on a platform."""

    platform: Platform
    service: Service

    @property
    def name(self) -> str:
        """Return its name."""
        return str(next(self.service.of("ConfigMap"))["metadata"]["name"])

    async def read(self) -> Stored:
        """Return its text; raise `CommandFailedError` where no suite runs."""
        found = await self.platform.object("configmap", self.name, self.service.namespace)
        annotations = found["metadata"].get("annotations") or {}
        return Stored(found["data"][KEY], annotations.get(BEFORE_BREAK))

    async def write(self, text: str, *, before_break: str | None = None) -> float:
        """Set the text and have the pods follow at once; return when, in Unix seconds."""
        annotations = {"annotations": {BEFORE_BREAK: before_break}}
        patch = json.dumps({"data": {KEY: text}, "metadata": annotations})
        where = ("configmap", self.name, "-n", self.service.namespace)
        began = time.time()
        await self.platform.run("patch", *where, "--type=merge", "-p", patch)
        await self.platform.hasten(self.service.name, self.service.namespace)
        return began
