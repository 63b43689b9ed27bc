"""The lines of all pods on localkube: their logs are files, and the engine says which pods run."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from localkube.control.client import Client
from localkube.control.watch import Watch
from localkube.errors import LocalkubeError
from localkube.logs.file_changes import FileChanges
from localkube.logs.log_file import LogFile, log_directory
from suitectl.errors import CommandFailedError
from suitectl.logs.line import Line
from suitectl.platform.pod import Pod

_Wanted = Callable[[Pod], bool]


async def localkube_lines(client: Client, wanted: _Wanted, tail: int) -> AsyncIterator[Line]:
    """Yield the last `tail` lines of each log, all for -1, and then what is added to any.

    Logs of pods that start later are whole. Raises `CommandFailedError`.
    """
    try:
        with client.watch(["Pod"]) as pods, FileChanges() as files:
            logs = _Logs(wanted)
            logs.update([{"type": "ADDED", "object": found} for found in pods.existing()])
            for line in logs.read(files, tail):
                yield line
            with _woken(pods, files) as wake:
                while True:
                    logs.update(pods.arrived(0))
                    for line in logs.read(files):
                        yield line
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(files.period):
                            await wake.wait()
                    wake.clear()
    except LocalkubeError as error:
        raise CommandFailedError(str(error)) from None


@contextmanager
def _woken(pods: Watch, files: FileChanges) -> Iterator[asyncio.Event]:
    """Set the event whenever pods or files change."""
    wake, loop = asyncio.Event(), asyncio.get_running_loop()
    descriptors = (pods.fileno(), *files.descriptors)
    for descriptor in descriptors:
        loop.add_reader(descriptor, wake.set)
    try:
        yield wake
    finally:
        for descriptor in descriptors:
            loop.remove_reader(descriptor)


class _Logs:
    """The logs of the pods that run."""

    def __init__(self, wanted: _Wanted) -> None:
        self._wanted = wanted
        self._running: dict[str, tuple[Pod, dict[str, LogFile]]] = {}
        self._ended: list[tuple[Pod, dict[str, LogFile]]] = []

    def update(self, changes: Sequence[Any]) -> None:
        """Apply changes of pods."""
        for change in changes:
            pod = Pod(change["object"])
            uid = pod.document["metadata"]["uid"]
            if change["type"] == "DELETED":
                if uid in self._running:
                    self._ended.append(self._running.pop(uid))
            elif uid not in self._running and self._wanted(pod):
                directory = log_directory(pod.document)
                names = [container["name"] for container in pod.document["spec"]["containers"]]
                files = {name: LogFile(directory / f"{name}.log") for name in names}
                self._running[uid] = (pod, files)

    def read(self, files: FileChanges, tail: int = -1) -> list[Line]:
        """Return what was added, by time; at the most `tail` lines of each log."""
        for pod, _ in self._running.values():
            files.add(log_directory(pod.document))
        files.clear()
        lines = [line for pod, logs in self._ended for line in _lines(pod, logs, LogFile.rest, -1)]
        for pod, _ in self._ended:
            files.forget(log_directory(pod.document))
        self._ended.clear()
        for pod, logs in self._running.values():
            lines += _lines(pod, logs, LogFile.added, tail)
        return sorted(lines, key=_time)


def _lines(
    pod: Pod, logs: dict[str, LogFile], read: Callable[[LogFile], list[str]], tail: int
) -> Iterator[Line]:
    for name, log in logs.items():
        texts = read(log)
        for text in texts if tail < 0 else texts[max(0, len(texts) - tail) :]:
            yield Line.of(pod, name, text)


def _time(line: Line) -> str:
    return line.time
