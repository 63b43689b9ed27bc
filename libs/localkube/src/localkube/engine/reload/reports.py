"""What people see of reloads: lines for the terminal, events, and the logs of running pods."""

import contextlib
import datetime as dt
import json
import os
from collections.abc import Iterable
from pathlib import Path

from localkube.api.objects import DIRECTORY, Object, Ref
from localkube.control.state_directory import RELOAD_LOG
from localkube.engine.events import Events
from localkube.engine.reload.problems import Problem
from localkube.images import Images

SERVES_ON = "the previous version keeps serving"


class Reports:
    """Writes each outcome where people look for it."""

    def __init__(self, directory: Path, events: Events, images: Images) -> None:
        self._log, self._events = directory / RELOAD_LOG, events
        self._base = os.path.commonpath(images.watched() or [directory])
        self._write("", "w")

    def say(self, ref: Ref, reason: str, text: str) -> None:
        """Report an event of a Deployment."""
        self._events.record(ref, reason, text)
        self._write(f"{_clock()} {ref.name}: {text}\n")

    def problem(self, problem: Problem, found: Iterable[tuple[Ref, Iterable[Object]]]) -> None:
        """Report why Deployments keep the previous version, also in the logs of their pods."""
        deployments = list(found)
        place = f"{self.shown(problem.path)}:{problem.line}"
        text = f"{place}: {problem.reason}"
        names = ", ".join(ref.name for ref, _ in deployments)
        self._write(f"{_clock()} {text}\n{_clock()} {names}: {SERVES_ON}\n")
        for ref, pods in deployments:
            self._events.record(ref, "ReloadFailed", f"{text}; {SERVES_ON}", warning=True)
            for pod in pods:
                _append(pod, f"{text}; {SERVES_ON}")

    def shown(self, path: Path) -> str:
        """Return a path as people name it, from the folder that all sources share."""
        return os.path.relpath(path, self._base)

    def _write(self, text: str, mode: str = "a") -> None:
        with contextlib.suppress(OSError), self._log.open(mode, encoding="utf-8") as log:
            log.write(text)


def _append(pod: Object, message: str) -> None:
    """Add a line to the log of a pod's first container, in the form of a service's own."""
    container = pod["spec"]["containers"][0]["name"]
    log = Path(pod["metadata"]["annotations"][DIRECTORY]) / "logs" / f"{container}.log"
    now = dt.datetime.now(dt.UTC).isoformat().replace("+00:00", "Z")
    line = {"message": message, "level": "error", "logger": "localkube.reload", "ts": now}
    with contextlib.suppress(OSError):
        descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


def _clock() -> str:
    return dt.datetime.now().astimezone().strftime("%H:%M:%S")
