"""What a pod's log says of the last edit of its configuration: taken, or rejected and why."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from suitectl.platform.platform import Platform
from suitectl.platform.pod import Pod
from suitectl.waiting import until

_TAKEN = ("Configuration reloaded", "The active configuration is mounted again")
_REJECTED = "configuration rejected"
_TAIL = 200
FOLLOWS_WITHIN_S = 120.0
"""A kubelet may take over a minute to sync a mount; localkube takes none."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """One edit as a pod saw it, `at` in Unix seconds."""

    pod: Pod
    at: float
    taken: bool
    where: str = ""
    reason: str = ""


async def last_verdict(platform: Platform, pod: Pod) -> Verdict | None:
    """Return the newest verdict in a pod's log."""
    text = await platform.run("logs", pod.name, "-n", pod.namespace, f"--tail={_TAIL}")
    return next((_verdict(pod, record) for record in _records(text) if _is_verdict(record)), None)


async def next_verdict(platform: Platform, pod: Pod, before: Verdict | None) -> Verdict:
    """Wait for a verdict after `before`; raise `TimeoutError`."""

    async def newer() -> Verdict | None:
        found = await last_verdict(platform, pod)
        return found if found and (before is None or found.at > before.at) else None

    return await until(newer, what=f"{pod.name} to follow the edit", seconds=FOLLOWS_WITHIN_S)


def _records(text: str) -> Iterator[Mapping[str, Any]]:
    """Yield the JSON records of a log, the newest first."""
    for line in reversed(text.splitlines()):
        try:
            record = json.loads(line)
        except ValueError:
            continue
        if isinstance(record, dict):
            yield record


def _is_verdict(record: Mapping[str, Any]) -> bool:
    return str(record.get("message", "")).startswith((*_TAKEN, _REJECTED))


def _verdict(pod: Pod, record: Mapping[str, Any]) -> Verdict:
    at = datetime.fromisoformat(record["ts"]).timestamp()
    if not record["message"].startswith(_REJECTED):
        return Verdict(pod, at, taken=True)
    line = f", line {record['line']}" if record.get("line") else ""
    return Verdict(
        pod, at, taken=False, where=f"{record.get('file')}{line}", reason=str(record["reason"])
    )
