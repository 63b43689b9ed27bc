"""One container of a pod: its process, restarts, probes, hooks and end."""

import asyncio
import contextlib
import dataclasses
import os
import time
from typing import TYPE_CHECKING

from localkube.api.objects import Object, timestamp
from localkube.engine.pods.actions import ActionFailedError, perform
from localkube.engine.pods.probes import first_success, verdicts
from localkube.engine.pods.process_launch import launch, real_port
from localkube.engine.pods.processes import Launch, Process, run
from localkube.engine.pods.volumes import Mounts
from localkube.errors import LocalkubeError

if TYPE_CHECKING:
    from localkube.engine.pods.pods import Pod

HOOK_S = 30.0
"""The most a postStart hook may take."""
LAST_S = 2.0
"""What SIGTERM gets at least, even when the preStop hook took the whole grace period."""
LIMIT_S = 300.0
"""The longest wait before a restart."""
FORGIVEN_S = 600.0
"""A container that ran this long starts afresh."""
CONFIG_ERROR = "CreateContainerConfigError"


class Container:
    """The life of one container; `status` is what Kubernetes' JSON says of it."""

    def __init__(self, document: Object, pod: "Pod") -> None:
        self.document, self._pod = document, pod
        self.complaint: str | None = None
        self._name = str(document["name"])
        self._log = pod.directory / "logs" / f"{self._name}.log"
        self._mounts = Mounts.of(document, pod.directory / "volumes")
        self._ready = self._started = self._ending = False
        self._restarts = self._crashes = 0
        self._state: Object = {"waiting": {"reason": "ContainerCreating"}}
        self._last_state: Object = {}
        self._launched: Launch | None = None
        self._process: Process | None = None
        self._wake = asyncio.Event()

    async def run(self) -> None:
        """Start, watch and restart until `end` was called."""
        while not self._ending:
            try:
                self._launched = launch(
                    self.document, self._pod.document, self._mounts, self._pod.platform
                )
            except LocalkubeError as error:
                self._wait(CONFIG_ERROR, str(error))
                await self._wake.wait()
                self._wake.clear()
                continue
            began = time.monotonic()
            await self._run_once(self._launched)
            await self._pause(time.monotonic() - began)

    async def end(self, grace: float, *, hook: bool = True) -> None:
        """Run preStop, send SIGTERM, and after `grace` seconds SIGKILL to the process group."""
        self._ending = True
        self._wake.set()
        if self._process is not None:
            await self._stop(self._process, grace, hook=hook)

    def poke(self) -> None:
        """Try again now: something a start waited for may have come."""
        if self._state.get("waiting", {}).get("reason") == CONFIG_ERROR:
            self._wake.set()

    def address(self, port: int | str) -> tuple[str, int]:
        """Return where the container listens for a port's number or name."""
        return self._pod.ip, real_port(self.document, port)

    async def execute(self, command: list[str], seconds: float) -> int | None:
        """Run a command with the container's environment and mounts; None if it takes too long."""
        if self._launched is None:
            return None
        argv = [self._mounts.rewrite(word) for word in command]
        beside = dataclasses.replace(self._launched, argv=argv)
        return await run(beside, self._pod.platform.watchdog, seconds)

    def status(self) -> Object:
        """Describe it as Kubernetes' containerStatuses do."""
        identity = {"containerID": f"process://{self._process.pid}"} if self._process else {}
        return {
            "name": self._name,
            "image": self.document["image"],
            "ready": self._ready,
            "started": self._started,
            "restartCount": self._restarts,
            "state": self._state,
            "lastState": self._last_state,
            **identity,
        }

    async def _run_once(self, current: Launch) -> None:
        began = timestamp()
        try:
            self._process = process = await self._start(current)
        except (OSError, ValueError) as error:  # ValueError: a NUL byte in the environment
            self._ended({"exitCode": 128, "reason": "StartError", "message": str(error)})
            return
        self._state = {"running": {"startedAt": began}}
        self._record("Started", f"Started container {self._name}")
        care = asyncio.create_task(self._care(process))
        if self._ending:
            process.kill()
        try:
            code = await process.wait()
        finally:
            care.cancel()
            self._process = None
        self._ended(_termination(code, began))

    async def _start(self, current: Launch) -> Process:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        if self._log.exists():
            self._log.replace(self._log.with_suffix(".previous.log"))
        output = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            return await Process.start(current, self._pod.platform.watchdog, output)
        finally:
            os.close(output)

    async def _care(self, process: Process) -> None:
        if not await self._post_start() or not await self._start_up():
            return await self._stop(process, self._pod.grace)
        async with asyncio.TaskGroup() as probes:
            probes.create_task(self._keep_ready())
            probes.create_task(self._keep_live(process))
        return None

    async def _post_start(self) -> bool:
        hook = self.document.get("lifecycle", {}).get("postStart")
        try:
            await perform(hook or {"sleep": {"seconds": 0}}, self, HOOK_S)
        except ActionFailedError as error:
            self._record("FailedPostStartHook", str(error), warning=True)
            return False
        return True

    async def _start_up(self) -> bool:
        probe = self.document.get("startupProbe")
        reason = await first_success(probe, self) if probe else None
        if reason is not None:
            self._record("Unhealthy", f"Startup probe failed: {reason}", warning=True)
            return False
        self._started = True
        self._pod.publish()
        return True

    async def _keep_ready(self) -> None:
        probe = self.document.get("readinessProbe")
        if probe is None:
            self._set_ready(None)
            return
        async for reason in verdicts(probe, self, hasty=True):
            self._set_ready(reason)

    def _set_ready(self, reason: str | None) -> None:
        if (self._ready, self.complaint) == (reason is None, reason):
            return
        self._ready, self.complaint = reason is None, reason
        if reason is None:
            self._pod.publish()
        else:
            self._record("Unhealthy", f"Readiness probe failed: {reason}", warning=True)

    async def _keep_live(self, process: Process) -> None:
        probe = self.document.get("livenessProbe")
        if probe is None:
            return
        async for reason in verdicts(probe, self, hasty=False):
            if reason is not None:
                self._record("Unhealthy", f"Liveness probe failed: {reason}", warning=True)
                await self._stop(process, self._pod.grace)

    async def _stop(self, process: Process, grace: float, *, hook: bool = True) -> None:
        deadline = time.monotonic() + grace
        if grace > 0:
            if hook:
                await self._pre_stop(process, grace)
            process.terminate()
            left = max(deadline - time.monotonic(), min(LAST_S, grace))
            await asyncio.wait([process.ended], timeout=left)
        process.kill()
        await process.wait()

    async def _pre_stop(self, process: Process, grace: float) -> None:
        hook = self.document.get("lifecycle", {}).get("preStop")
        if hook is None:
            return
        running = asyncio.create_task(perform(hook, self, grace))
        first: set[asyncio.Future[object]] = {running, process.ended}  # type: ignore[arg-type]  # of two results
        await asyncio.wait(first, timeout=grace, return_when=asyncio.FIRST_COMPLETED)
        running.cancel()
        (error,) = await asyncio.gather(running, return_exceptions=True)
        if isinstance(error, ActionFailedError):
            self._record("FailedPreStopHook", str(error), warning=True)

    def _ended(self, termination: Object) -> None:
        self._ready = self._started = False
        self._last_state = self._state = {"terminated": termination}
        if self._ending:
            self._pod.publish()
            return
        how = f"{termination['reason']} ({termination['exitCode']})"
        self._record("Died", f"Container ended: {how}", warning=True)

    async def _pause(self, ran_for: float) -> None:
        self._crashes = 1 if ran_for >= FORGIVEN_S else self._crashes + 1
        seconds = restart_delay(self._crashes)
        if self._ending:
            return
        if seconds > 0:
            self._wait("CrashLoopBackOff", f"back-off {seconds:g} s restarting failed container")
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._wake.wait()
        self._restarts += 1

    def _wait(self, reason: str, message: str) -> None:
        self._state = {"waiting": {"reason": reason, "message": message}}
        self._record(reason, message, warning=True)

    def _record(self, reason: str, message: str, *, warning: bool = False) -> None:
        self._pod.record(reason, message, warning=warning)
        self._pod.publish()


def restart_delay(crashes: int) -> float:
    """Return kubelet's doubling wait from a shorter start: 0, 1, 2, 4 … 300 s."""
    return 0.0 if crashes <= 1 else min(2.0 ** min(crashes - 2, 16), LIMIT_S)


def _termination(code: int, began: str) -> Object:
    # A shell's convention, which container runtimes share: 128 and the signal's number.
    number = code if code >= 0 else 128 - code
    reason = "Completed" if code == 0 else "Error"
    times = {"startedAt": began, "finishedAt": timestamp()}
    return {"exitCode": number, "reason": reason, **times}
