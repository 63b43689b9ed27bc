"""One container of a pod: its process, restarts, probes, hooks and end."""

import asyncio
import dataclasses
import os
import time
from collections.abc import Sequence

from localkube.api.objects import Object, timestamp
from localkube.engine.controller import back_off
from localkube.engine.pods.actions import ActionFailedError, perform
from localkube.engine.pods.probes import first_success, probe_results
from localkube.engine.pods.process_launch import process_launch, real_port
from localkube.engine.pods.processes import Launch, Process, run
from localkube.engine.pods.sandbox import Sandbox
from localkube.engine.pods.volumes import Mounts
from localkube.errors import LocalkubeError

POST_START_TIMEOUT_S = 30.0
MIN_TERMINATION_S = 2.0
"""Time after SIGTERM, even when the preStop hook took the whole grace period."""
BACK_OFF_RESET_S = 600.0
"""A container that ran this long restarts without back-off, as with kubelet."""
CONFIG_ERROR = "CreateContainerConfigError"


class Container:
    """The life of one container."""

    def __init__(self, document: Object, sandbox: Sandbox) -> None:
        self.document, self._sandbox = document, sandbox
        self.probe_failure: str | None = None
        """Why the readiness probe fails."""
        self.name = str(document["name"])
        self._log = sandbox.directory / "logs" / f"{self.name}.log"
        self._mounts = Mounts.of(document, sandbox.directory / "volumes")
        self._ready = self._started = self._ending = False
        self._restarts = self._crashes = 0
        self._state: Object = {"waiting": {"reason": "ContainerCreating"}}
        self._last_state: Object = {}
        self._launched: Launch | None = None
        self._process: Process | None = None

    async def run(self) -> None:
        """Start, supervise and restart the process until `end` is called."""
        while not self._ending:
            try:
                self._launched = process_launch(self.document, self._sandbox, self._mounts)
            except LocalkubeError as error:
                self._wait(CONFIG_ERROR, str(error))
                await self._sandbox.wait_for_retry()
                continue
            began = time.monotonic()
            await self._run_once(self._launched)
            await self._pause(time.monotonic() - began)

    async def end(self, grace: float, *, hook: bool = True) -> None:
        """Run preStop, send SIGTERM, and after `grace` seconds SIGKILL to the process group."""
        self._ending = True
        if self._process is not None:
            await self._stop(self._process, grace, hook=hook)

    def address(self, port: int | str) -> tuple[str, int]:
        """Return the address for a port's number or name."""
        return self._sandbox.ip, real_port(self.document, port)

    async def execute(self, command: list[str], seconds: float) -> int | None:
        """Run a command with the container's environment and mounts; None for a timeout."""
        launch = self.launch(command)
        if launch is None:
            return None
        return await run(launch, self._sandbox.platform.watchdog, seconds)

    def launch(self, command: Sequence[str]) -> Launch | None:
        """Return how a command runs with the container's environment and mounts.

        None before its first start.
        """
        if self._launched is None:
            return None
        argv = [self._mounts.rewrite(word) for word in command]
        return dataclasses.replace(self._launched, argv=argv)

    def status(self) -> Object:
        """Return the status as in Kubernetes' containerStatuses."""
        identity = {"containerID": f"process://{self._process.pid}"} if self._process else {}
        return {
            "name": self.name,
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
        self._record("Started", f"Started container {self.name}")
        supervision = asyncio.create_task(self._supervise(process))
        if self._ending:
            process.kill()
        try:
            code = await process.wait()
        finally:
            supervision.cancel()
            self._process = None
        self._ended(_termination(code, began))

    async def _start(self, current: Launch) -> Process:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        if self._log.exists():
            self._log.replace(self._log.with_suffix(".previous.log"))
        output = os.open(self._log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            return await Process.start(current, self._sandbox.platform.watchdog, output)
        finally:
            os.close(output)

    async def _supervise(self, process: Process) -> None:
        if not await self._post_start() or not await self._start_up():
            return await self._stop(process, self._sandbox.grace)
        async with asyncio.TaskGroup() as probes:
            probes.create_task(self._probe_readiness())
            probes.create_task(self._probe_liveness(process))
        return None

    async def _post_start(self) -> bool:
        hook = self.document.get("lifecycle", {}).get("postStart")
        try:
            await perform(hook or {"sleep": {"seconds": 0}}, self, POST_START_TIMEOUT_S)
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
        self._sandbox.publish()
        return True

    async def _probe_readiness(self) -> None:
        probe = self.document.get("readinessProbe")
        if probe is None:
            self._set_ready(None)
            return
        async for reason in probe_results(probe, self, fast_start=True):
            self._set_ready(reason)

    def _set_ready(self, reason: str | None) -> None:
        if (self._ready, self.probe_failure) == (reason is None, reason):
            return
        self._ready, self.probe_failure = reason is None, reason
        if reason is None:
            self._sandbox.publish()
        else:
            self._record("Unhealthy", f"Readiness probe failed: {reason}", warning=True)

    async def _probe_liveness(self, process: Process) -> None:
        probe = self.document.get("livenessProbe")
        if probe is None:
            return
        async for reason in probe_results(probe, self, fast_start=False):
            if reason is not None:
                self._record("Unhealthy", f"Liveness probe failed: {reason}", warning=True)
                await self._stop(process, self._sandbox.grace)

    async def _stop(self, process: Process, grace: float, *, hook: bool = True) -> None:
        deadline = time.monotonic() + grace
        if grace > 0:
            if hook:
                await self._pre_stop(process, grace)
            process.terminate()
            left = max(deadline - time.monotonic(), min(MIN_TERMINATION_S, grace))
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
            self._sandbox.publish()
            return
        how = f"{termination['reason']} ({termination['exitCode']})"
        self._record("Died", f"Container ended: {how}", warning=True)

    async def _pause(self, ran_for: float) -> None:
        self._crashes = 1 if ran_for >= BACK_OFF_RESET_S else self._crashes + 1
        seconds = back_off(self._crashes)
        if self._ending:
            return
        if seconds > 0:
            self._wait("CrashLoopBackOff", f"back-off {seconds:g} s restarting failed container")
            await asyncio.sleep(seconds)
        self._restarts += 1

    def _wait(self, reason: str, message: str) -> None:
        self._state = {"waiting": {"reason": reason, "message": message}}
        self._record(reason, message, warning=True)

    def _record(self, reason: str, message: str, *, warning: bool = False) -> None:
        self._sandbox.record(reason, message, warning=warning)
        self._sandbox.publish()


def _termination(code: int, began: str) -> Object:
    # Shells and container runtimes report a signal as 128 plus its number.
    number = code if code >= 0 else 128 - code
    reason = "Completed" if code == 0 else "Error"
    times = {"startedAt": began, "finishedAt": timestamp()}
    return {"exitCode": number, "reason": reason, **times}
