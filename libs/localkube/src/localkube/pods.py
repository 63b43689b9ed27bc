"""Pods: made from a template, followed through their life, described as Kubernetes' JSON."""

import asyncio
import secrets
import shutil
import time
from collections.abc import Sequence

from localkube import volumes
from localkube.containers import Container, Setting
from localkube.environment import PodFacts
from localkube.errors import MissingReferenceError
from localkube.launches import Launcher, Platform
from localkube.objects import Object, Ref, annotations_of, labels_of, owned_by, ref_of, timestamp

DIRECTORY = "localkube/directory"
"""The annotation that says where a pod's volumes and logs are on this machine."""
VOLUME = "localkube/volume."
"""With a volume's name: the annotation that says where that one is."""
DEFAULT_GRACE_S = 30
_SUFFIX = "bcdfghjklmnpqrstvwxz2456789"


class Pod:
    """One running pod. Its document in the store is replaced at each change."""

    def __init__(self, document: Object, platform: Platform) -> None:
        self._platform = platform
        self.ref = ref_of(document)
        self.ip = platform.addresses.pod_ip()
        self.directory = platform.directory / self.ref.namespace / self.ref.name
        self.ports = self._allot_ports(document["spec"])
        self._document = platform.store.put(self._placed(document))
        self._containers = [self._container(c) for c in document["spec"]["containers"]]
        self._ready_since: float | None = None
        self._poked = asyncio.Event()
        self._life = asyncio.create_task(self._run())
        self._end: asyncio.Task[None] | None = None
        self._publish()

    @property
    def uid(self) -> str:
        """Return the pod's uid."""
        return str(self._document["metadata"]["uid"])

    @property
    def ending(self) -> bool:
        """Say whether the pod is on its way out."""
        return self._end is not None

    @property
    def restarts(self) -> int:
        """Count the restarts of all containers."""
        return sum(container.restarts for container in self._containers)

    def ready_for(self) -> float:
        """Return for how many seconds the pod has been ready, negative when it is not."""
        return -1.0 if self._ready_since is None else time.monotonic() - self._ready_since

    def terminate(self, grace: float | None = None, *, hook: bool = True) -> asyncio.Task[None]:
        """Begin the pod's end, or hurry it with a `grace` of 0; endpoints lose it at once."""
        given = self._document["spec"].get("terminationGracePeriodSeconds", DEFAULT_GRACE_S)
        seconds = given if grace is None else grace
        if self._end is None:
            self._mark_deleted(seconds)
            self._end = asyncio.create_task(self._terminate(seconds, hook=hook))
        elif seconds == 0:
            self._hurry = asyncio.gather(*(c.end(0) for c in self._containers))
        return self._end

    def relabel(self, metadata: Object) -> Object:
        """Take over changed labels and annotations."""
        kept = {key: metadata.get(key) or {} for key in ("labels", "annotations")}
        self._document = {**self._document, "metadata": {**self._document["metadata"], **kept}}
        self._publish()
        return self._document

    def refresh(self, changed: Ref) -> None:
        """Bring volumes up to date after a ConfigMap or Secret changed."""
        self._poked.set()
        for container in self._containers:
            container.poke()
        mounted = self._document["spec"].get("volumes") or []
        if volumes.refers_to(mounted, changed.kind, changed.name):
            self._mount()

    def trim_logs(self) -> None:
        """Keep the log files within their bound."""
        for container in self._containers:
            container.log.trim()

    async def _run(self) -> None:
        while not self._mount():
            self._poked.clear()
            await self._poked.wait()
        (self.directory / "work").mkdir(parents=True, exist_ok=True)
        async with asyncio.TaskGroup() as group:
            for container in self._containers:
                group.create_task(container.run())

    async def _terminate(self, grace: float, *, hook: bool) -> None:
        self._record("Killing", f"Stopping pod within {grace:g} s")
        await asyncio.gather(*(c.end(grace, hook=hook) for c in self._containers))
        self._life.cancel()
        await asyncio.wait([self._life])
        shutil.rmtree(self.directory, ignore_errors=True)
        self._platform.store.remove(self.ref)

    def _mark_deleted(self, grace: float) -> None:
        marks = {"deletionTimestamp": timestamp(), "deletionGracePeriodSeconds": int(grace)}
        self._document = {**self._document, "metadata": {**self._document["metadata"], **marks}}
        self._publish()

    def _mount(self) -> bool:
        mounted = self._document["spec"].get("volumes") or []
        target = self.directory / "volumes"
        try:
            volumes.prepare(mounted, target, self.ref.namespace, self._platform.store)
        except (MissingReferenceError, OSError) as error:
            self._record("FailedMount", str(error), warning=True)
            return False
        return True

    def _container(self, document: Object) -> Container:
        mounts = volumes.Mounts.of(document, self.directory / "volumes")
        work = self.directory / "work"
        launcher = Launcher(document, mounts, self.ports, self._platform, work)
        setting = Setting(
            ip=self.ip,
            ports=self.ports,
            log=self.directory / "logs" / f"{document['name']}.log",
            grace=self._document["spec"].get("terminationGracePeriodSeconds", DEFAULT_GRACE_S),
            watchdog=self._platform.watchdog,
            launch=lambda: launcher.build(self._facts()),
            rewrite=mounts.rewrite,
            changed=self._publish,
            record=lambda reason, message, warning: self._record(reason, message, warning=warning),
        )
        return Container(document, setting)

    def _facts(self) -> PodFacts:
        return PodFacts(
            self.ref.name,
            self.ref.namespace,
            self.uid,
            self.ip,
            labels_of(self._document),
            annotations_of(self._document),
        )

    def _allot_ports(self, spec: Object) -> dict[int, int]:
        declared = [p["containerPort"] for c in spec["containers"] for p in c.get("ports") or []]
        return {port: self._platform.addresses.pod_port(port) for port in declared}

    def _placed(self, document: Object) -> Object:
        places = {
            VOLUME + volume["name"]: str(self.directory / "volumes" / volume["name"])
            for volume in document["spec"].get("volumes") or []
        }
        annotations = annotations_of(document) | places | {DIRECTORY: str(self.directory)}
        metadata = {**document["metadata"], "annotations": annotations}
        containers = [
            {**c, "ports": [self._placed_port(p) for p in c["ports"]]} if c.get("ports") else c
            for c in document["spec"]["containers"]
        ]
        spec = {**document["spec"], "nodeName": "localhost", "containers": containers}
        return {**document, "metadata": metadata, "spec": spec}

    def _placed_port(self, port: Object) -> Object:
        # Where a pod really listens, in the field Kubernetes has for a port of the machine.
        real = self.ports[port["containerPort"]]
        return port if real == port["containerPort"] else {**port, "hostPort": real}

    def _publish(self) -> None:
        statuses = [container.status() for container in self._containers]
        ready = not self.ending and all(status["ready"] for status in statuses)
        if not ready or self._ready_since is None:
            self._ready_since = time.monotonic() if ready else None
        running = any("waiting" not in s["state"] or s["restartCount"] for s in statuses)
        status = {
            "phase": "Running" if running else "Pending",
            "podIP": self.ip,
            "podIPs": [{"ip": self.ip}],
            "hostIP": "127.0.0.1",
            "startTime": self._document["metadata"]["creationTimestamp"],
            "conditions": _conditions(self._containers, ready=ready),
            "containerStatuses": statuses,
        }
        self._document = self._platform.store.put({**self._document, "status": status})

    def _record(self, reason: str, message: str, *, warning: bool = False) -> None:
        self._platform.events.record(self.ref, reason, message, warning=warning)


class Pods:
    """All pods."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._pods: dict[Ref, Pod] = {}
        platform.store.subscribe(self._on_change)

    def create(self, owner: Object, template: Object) -> Pod:
        """Start a pod from a template, owned by a ReplicaSet."""
        name = f"{owner['metadata']['name']}-{_random_suffix()}"
        metadata = {
            "name": name,
            "generateName": owner["metadata"]["name"] + "-",
            "namespace": owner["metadata"]["namespace"],
            "labels": labels_of(template),
            "annotations": annotations_of(template),
            "ownerReferences": owned_by(owner),
        }
        head = {"apiVersion": "v1", "kind": "Pod", "metadata": metadata}
        pod = Pod({**head, "spec": template["spec"]}, self._platform)
        self._pods[pod.ref] = pod
        return pod

    def get(self, ref: Ref) -> Pod | None:
        """Return a pod that is not gone yet."""
        return self._pods.get(ref)

    async def end_all(self, grace: float) -> None:
        """End every pod, without hooks and within `grace` seconds: nothing stays to hand over."""
        ends = [pod.terminate(grace, hook=False) for pod in self._pods.values()]
        if not ends:
            return
        _, late = await asyncio.wait(ends, timeout=grace + 0.5)
        if late:
            # They were ending before, with a grace period of their own.
            for pod in self._pods.values():
                pod.terminate(0)
            await asyncio.wait(late)

    def trim_logs(self) -> None:
        """Keep every log file within its bound."""
        for pod in self._pods.values():
            pod.trim_logs()

    def _on_change(self, ref: Ref) -> None:
        if ref.kind == "Pod" and self._platform.store.find(ref) is None:
            self._pods.pop(ref, None)
        if ref.kind in {"ConfigMap", "Secret"}:
            for pod in list(self._pods.values()):
                if pod.ref.namespace == ref.namespace and not pod.ending:
                    pod.refresh(ref)


def _random_suffix() -> str:
    return "".join(secrets.choice(_SUFFIX) for _ in range(5))


def _conditions(containers: Sequence[Container], *, ready: bool) -> list[Object]:
    word = "True" if ready else "False"
    complaints = [f"{c.document['name']}: {c.complaint}" for c in containers if c.complaint]
    message = {"message": "; ".join(complaints)} if complaints else {}
    return [
        {"type": "PodScheduled", "status": "True"},
        {"type": "Initialized", "status": "True"},
        {"type": "ContainersReady", "status": word},
        {"type": "Ready", "status": word, **message},
    ]
