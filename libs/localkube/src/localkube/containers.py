"""One container of a pod: its process, restarts, probes, hooks and end."""

import asyncio
import dataclasses
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from localkube.actions import ActionFailedError, perform
from localkube.backoff import BackOff
from localkube.errors import LocalkubeError
from localkube.logs import LogFile
from localkube.objects import Object, timestamp
from localkube.probes import Probe, first_success, watch
from localkube.processes import Launch, Process, run
from localkube.watchdog import Watchdog

HOOK_S = 30.0
"""The most a postStart hook may take."""
LAST_S = 2.0
"""What SIGTERM gets at least, even when the preStop hook took the whole grace period."""


@dataclass(frozen=True, slots=True)
class Setting:
    """What a container needs of its pod."""

    ip: str
    ports: dict[int, int]
    log: Path
    grace: float
    watchdog: Watchdog
    launch: Callable[[], Launch]
    """Builds the command anew for each start; raises `LocalkubeError` while it cannot."""
    rewrite: Callable[[str], str]
    changed: Callable[[], None]
    record: Callable[[str, str, bool], None]


@dataclass(slots=True)
class Container:
    """The life of one container; `status` is what Kubernetes' JSON says of it."""

    document: Object
    setting: Setting
    ready: bool = False
    started: bool = False
    complaint: str | None = None
    """What the readiness probe says is wrong."""
    restarts: int = 0
    state: Object = field(default_factory=lambda: {"waiting": {"reason": "ContainerCreating"}})
    last_state: Object = field(default_factory=dict)
    _process: Process | None = None
    _launched: Launch | None = None
    _ending: bool = False
    _wake: asyncio.Event = field(default_factory=asyncio.Event)
    _back_off: BackOff = field(default_factory=BackOff)

    @property
    def ip(self) -> str:
        """Return the pod's address."""
        return self.setting.ip

    @property
    def log(self) -> LogFile:
        """Return where its output goes."""
        return LogFile(self.setting.log)

    async def run(self) -> None:
        """Start, watch and restart until `end` was called."""
        while not self._ending:
            launch = await self._launch()
            if launch is not None:
                ran_for = await self._run_once(launch)
                await self._pause(self._back_off.next_delay(ran_for))

    async def end(self, grace: float, *, hook: bool = True) -> None:
        """Run preStop, send SIGTERM, and after `grace` seconds SIGKILL to the process group."""
        self._ending = True
        self._wake.set()
        if self._process is not None:
            await self._stop(self._process, grace, hook=hook)

    def poke(self) -> None:
        """Try again now: something a start waited for may have come."""
        if self._process is None and "CreateContainerConfigError" in str(self.state):
            self._wake.set()

    def port(self, port: int | str) -> int:
        """Return where the container listens for a port's number or name."""
        for entry in self.document.get("ports") or []:
            if port in {entry["containerPort"], entry.get("name")}:
                return self.setting.ports[entry["containerPort"]]
        return int(port)

    async def execute(self, command: list[str], seconds: float) -> int | None:
        """Run a command with the container's environment and mounts."""
        if self._launched is None:
            return None
        argv = [self.setting.rewrite(word) for word in command]
        launch = dataclasses.replace(self._launched, argv=argv)
        return await run(launch, self.setting.watchdog, seconds)

    def status(self) -> Object:
        """Describe it as Kubernetes' containerStatuses do."""
        pid = self._process.pid if self._process else None
        return {
            "name": self.document["name"],
            "image": self.document["image"],
            "ready": self.ready,
            "started": self.started,
            "restartCount": self.restarts,
            "state": self.state,
            "lastState": self.last_state,
            **({"containerID": f"process://{pid}"} if pid else {}),
        }

    async def _launch(self) -> Launch | None:
        try:
            return self.setting.launch()
        except LocalkubeError as error:
            self._wait("CreateContainerConfigError", str(error))
            await self._wake.wait()
            self._wake.clear()
            return None

    async def _run_once(self, launch: Launch) -> float:
        loop, start = asyncio.get_running_loop(), timestamp()
        began = loop.time()
        try:
            self._launched, self._process = launch, self._start(launch)
        except OSError as error:
            self._terminated({"exitCode": 128, "reason": "StartError", "message": str(error)})
            return 0.0
        self.state = {"running": {"startedAt": start}}
        self._record("Started", f"Started container {self.document['name']}")
        care = asyncio.create_task(self._care(self._process))
        try:
            code = await self._process.wait()
        finally:
            care.cancel()
            self._process = None
        self._terminated(_termination(code, start))
        return loop.time() - began

    def _start(self, launch: Launch) -> Process:
        output = self.log.open()
        try:
            return Process(launch, self.setting.watchdog, output)
        finally:
            os.close(output)

    async def _care(self, process: Process) -> None:
        if not await self._post_start(process) or not await self._start_up(process):
            return
        async with asyncio.TaskGroup() as probes:
            if liveness := Probe.of(self.document.get("livenessProbe")):
                probes.create_task(watch(liveness, self, self._live))
            if readiness := Probe.of(self.document.get("readinessProbe")):
                probes.create_task(watch(readiness, self, self._set_ready, hasty=True))
            else:
                self._set_ready(None)

    async def _post_start(self, process: Process) -> bool:
        hook = (self.document.get("lifecycle") or {}).get("postStart")
        if hook is None:
            return True
        try:
            await perform(hook, self, HOOK_S)
        except ActionFailedError as error:
            self._record("FailedPostStartHook", str(error), warning=True)
            await self._stop(process, self.setting.grace)
            return False
        return True

    async def _start_up(self, process: Process) -> bool:
        probe = Probe.of(self.document.get("startupProbe"))
        reason = await first_success(probe, self) if probe else None
        if reason is not None:
            self._record("Unhealthy", f"Startup probe failed: {reason}", warning=True)
            await self._stop(process, self.setting.grace)
            return False
        self.started = True
        self.setting.changed()
        return True

    def _set_ready(self, reason: str | None) -> None:
        if (self.ready, self.complaint) == (reason is None, reason):
            return
        self.ready, self.complaint = reason is None, reason
        if reason is None:
            self.setting.changed()
        else:
            self._record("Unhealthy", f"Readiness probe failed: {reason}", warning=True)

    async def _live(self, reason: str | None) -> None:
        if reason is not None and self._process is not None:
            self._record("Unhealthy", f"Liveness probe failed: {reason}", warning=True)
            self._record("Killing", f"Container {self.document['name']} will be restarted")
            await self._stop(self._process, self.setting.grace)

    async def _stop(self, process: Process, grace: float, *, hook: bool = True) -> None:
        deadline = asyncio.get_running_loop().time() + grace
        if hook and grace > 0:
            await self._pre_stop(process, grace)
        if grace > 0:
            process.signal(signal.SIGTERM)
            left = deadline - asyncio.get_running_loop().time()
            await process.wait_within(max(left, min(LAST_S, grace)))
        process.kill()
        await process.wait()

    async def _pre_stop(self, process: Process, grace: float) -> None:
        hook = (self.document.get("lifecycle") or {}).get("preStop")
        if hook is None:
            return
        running = asyncio.create_task(perform(hook, self, grace))
        await process.wait_beside(running, grace)
        running.cancel()
        (error,) = await asyncio.gather(running, return_exceptions=True)
        if isinstance(error, ActionFailedError):
            self._record("FailedPreStopHook", str(error), warning=True)

    def _terminated(self, ended: Object) -> None:
        self.ready = self.started = False
        self.last_state = self.state = {"terminated": ended}
        if self._ending:
            self.setting.changed()
            return
        self._record(
            "Died", f"Container ended: {ended['reason']} ({ended['exitCode']})", warning=True
        )

    async def _pause(self, seconds: float) -> None:
        if self._ending:
            return
        if seconds > 0:
            reason = f"back-off {seconds:g} s restarting failed container"
            self._wait("CrashLoopBackOff", reason)
            await _first(self._wake, seconds)
        self.restarts += 1

    def _wait(self, reason: str, message: str) -> None:
        self.state = {"waiting": {"reason": reason, "message": message}}
        self._record(reason, message, warning=True)

    def _record(self, reason: str, message: str, *, warning: bool = False) -> None:
        self.setting.record(reason, message, warning)
        self.setting.changed()


def _termination(code: int, started: str) -> Object:
    # A shell's convention, which container runtimes share: 128 and the signal's number.
    number = code if code >= 0 else 128 - code
    reason = "Completed" if code == 0 else "Error"
    ended: Object = {"exitCode": number, "reason": reason, "startedAt": started}
    if code < 0:
        ended["signal"] = -code
    return {**ended, "finishedAt": timestamp()}


async def _first(event: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return
