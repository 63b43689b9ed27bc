"""One pod: volumes, containers, status and termination."""

import asyncio
import shutil
import time
from collections.abc import Sequence

from localkube.api.objects import Object, Ref, timestamp
from localkube.engine.pods import volumes
from localkube.engine.pods.container import Container
from localkube.engine.pods.processes import Launch
from localkube.engine.pods.sandbox import Platform, Sandbox
from localkube.errors import LocalkubeError


class Pod:
    """One running pod. Each change replaces its document in the store."""

    def __init__(self, document: Object, platform: Platform) -> None:
        self._sandbox = Sandbox.create(document, platform)
        self._sandbox.publish = self._publish
        containers = self.document["spec"]["containers"]
        self._containers = [Container(c, self._sandbox) for c in containers]
        self._ready_since: float | None = None
        self._life: asyncio.Task[None] | None = None
        self._end: asyncio.Task[None] | None = None
        self._publish()

    @property
    def document(self) -> Object:
        """Return the pod's current document."""
        return self._sandbox.document

    @property
    def ref(self) -> Ref:
        """Return the pod's name."""
        return self._sandbox.ref

    @property
    def owner(self) -> Object:
        """Return the reference to the Deployment that created the pod."""
        return dict(self.document["metadata"]["ownerReferences"][0])

    @property
    def ending(self) -> bool:
        """Say whether the pod is terminating."""
        return self._end is not None

    def ready_for(self) -> float:
        """Return for how many seconds the pod has been ready, negative when it is not."""
        return -1.0 if self._ready_since is None else time.monotonic() - self._ready_since

    def sync(self) -> None:
        """Update the volumes, then start the containers, or retry those that wait.

        A missing ConfigMap or Secret is an event; raises `OSError` where a volume can't be written.
        """
        try:
            self._mount()
        except LocalkubeError:
            return
        finally:
            self._sandbox.retry_now()
        if self._life is None:
            (self._sandbox.directory / "work").mkdir(parents=True, exist_ok=True)
            self._life = asyncio.create_task(self._run())

    def launch(self, container: str, command: Sequence[str]) -> Launch:
        """Return how a command runs in a container; raise `LocalkubeError` where there is none."""
        found = [one.launch(command) for one in self._containers if one.name == container]
        if not found or found[0] is None:
            raise LocalkubeError(f'container not found ("{container}")')
        return found[0]

    def terminate(self, grace: float | None = None, *, hook: bool = True) -> asyncio.Task[None]:
        """Begin the termination, or with a `grace` of 0 cut it short; endpoints lose it at once."""
        seconds = self._sandbox.grace if grace is None else grace
        if self._end is None:
            self._end = asyncio.create_task(self._terminate(seconds, hook=hook))
            times = {"deletionTimestamp": timestamp(), "deletionGracePeriodSeconds": int(seconds)}
            metadata = {**self.document["metadata"], **times}
            self._sandbox.document = {**self.document, "metadata": metadata}
            self._publish()
        elif seconds == 0:
            self._kill = asyncio.gather(*(c.end(0) for c in self._containers))
        return self._end

    def _publish(self) -> None:
        """Put the current status into the store."""
        store = self._sandbox.platform.store
        self._sandbox.document = store.put({**self.document, "status": self._status()})

    async def _run(self) -> None:
        async with asyncio.TaskGroup() as group:
            for container in self._containers:
                group.create_task(container.run())

    async def _terminate(self, grace: float, *, hook: bool) -> None:
        self._sandbox.record("Killing", f"Stopping pod within {grace:g} s")
        await asyncio.gather(*(c.end(grace, hook=hook) for c in self._containers))
        if self._life is not None:
            self._life.cancel()
            await asyncio.wait([self._life])
        shutil.rmtree(self._sandbox.directory, ignore_errors=True)
        self._sandbox.platform.store.remove(self.ref)

    def _mount(self) -> None:
        mounted, directory = self.document["spec"].get("volumes", []), self._sandbox.directory
        store = self._sandbox.platform.store
        try:
            volumes.prepare(mounted, directory / "volumes", self.ref.namespace, store)
        except (LocalkubeError, OSError) as error:
            self._sandbox.record("FailedMount", str(error), warning=True)
            raise

    def _status(self) -> Object:
        statuses = [container.status() for container in self._containers]
        ready = not self.ending and all(status["ready"] for status in statuses)
        if not ready or self._ready_since is None:
            self._ready_since = time.monotonic() if ready else None
        running = any("waiting" not in s["state"] or s["restartCount"] for s in statuses)
        failures = [f"{c.name}: {c.probe_failure}" for c in self._containers if c.probe_failure]
        condition = {"type": "Ready", "status": str(ready)}
        others = {"ContainersReady": str(ready), "Initialized": "True", "PodScheduled": "True"}
        return {
            "phase": "Running" if running else "Pending",
            "podIP": self._sandbox.ip,
            "podIPs": [{"ip": self._sandbox.ip}],
            "hostIP": "127.0.0.1",
            "hostIPs": [{"ip": "127.0.0.1"}],
            "conditions": [
                condition | ({"message": "; ".join(failures)} if failures else {}),
                *({"type": name, "status": status} for name, status in others.items()),
            ],
            "containerStatuses": statuses,
        }
