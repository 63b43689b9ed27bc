"""CPU and memory of the pods' processes, as metrics-server measures them: over a window."""

import asyncio
import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from localkube.api.objects import Object, timestamp
from localkube.errors import LocalkubeError

PERIOD_S = 15.0
"""Seconds between measurements; a window is one to two of them, or the process's life."""
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class _Reading:
    """What a session of processes has used: CPU seconds since `began`, and bytes now."""

    began: float
    cpu: float
    memory: int


class Usage:
    """Measures sessions, which containers are; a process that left its session does not count."""

    def __init__(self) -> None:
        self._before: Mapping[int, tuple[float, _Reading]] = {}
        self._latest: Mapping[int, tuple[float, _Reading]] = {}

    async def measure(self) -> None:
        """Measure periodically, until cancelled."""
        while _PROC.joinpath("self/stat").exists():
            readings = await asyncio.to_thread(_read_sessions)
            now = _now()
            self._before = self._latest
            self._latest = {pid: (now, reading) for pid, reading in readings.items()}
            await asyncio.sleep(PERIOD_S)

    async def of(self, pods: Iterable[Object]) -> list[Object]:
        """Return the PodMetrics of pods that run; raise `LocalkubeError` without /proc."""
        if not _PROC.joinpath("self/stat").exists():
            raise LocalkubeError("Metrics API not available: this system has no /proc")
        readings = await asyncio.to_thread(_read_sessions)
        found = [(pod, self._containers(pod, readings)) for pod in pods]
        return [_metrics(pod, containers) for pod, containers in found if containers]

    def _containers(self, pod: Object, readings: Mapping[int, _Reading]) -> list[Object]:
        containers = []
        for status in pod["status"]["containerStatuses"]:
            pid = int(status.get("containerID", "process://0").removeprefix("process://"))
            if pid in readings:
                cores, memory = self._cores(pid, readings[pid]), readings[pid].memory
                usage = {"cpu": f"{cores * 1e9:.0f}n", "memory": f"{memory // 1024}Ki"}
                containers.append({"name": status["name"], "usage": usage})
        return containers

    def _cores(self, pid: int, reading: _Reading) -> float:
        now = _now()
        for found in (self._before.get(pid), self._latest.get(pid)):
            measured, earlier = found or (now, _Reading(0.0, 0.0, 0))
            if earlier.began == reading.began:
                return max(0.0, reading.cpu - earlier.cpu) / max(now - measured, 1e-3)
        return reading.cpu / max(now - reading.began, 1e-3)


def _now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def _metrics(pod: Object, containers: list[Object]) -> Object:
    metadata = {key: pod["metadata"].get(key) for key in ("name", "namespace", "labels")}
    return {
        "apiVersion": "metrics.k8s.io/v1beta1",
        "kind": "PodMetrics",
        "metadata": metadata,
        "timestamp": timestamp(),
        "containers": containers,
    }


def _read_sessions() -> dict[int, _Reading]:
    """Read /proc: for each session its CPU time, children's included, and its resident memory."""
    tick, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    found: dict[int, _Reading] = {}
    for entry in _PROC.iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # Fields from the third on: the second may contain anything (proc_pid_stat(5)).
            fields = (entry / "stat").read_text(encoding="ascii", errors="replace")
        except OSError:
            continue
        values = fields.rpartition(")")[2].split()
        session, pid = int(values[3]), int(entry.name)
        cpu = sum(int(value) for value in values[11:15]) / tick
        memory, began = int(values[21]) * page, int(values[19]) / tick
        other = found.get(session, _Reading(began, 0.0, 0))
        began = began if pid == session else other.began
        found[session] = _Reading(began, other.cpu + cpu, other.memory + memory)
    return found
