"""Pods: made from a template, followed through their life, described as Kubernetes' JSON."""

import asyncio
import secrets
import shutil
import time

from localkube.api.objects import (
    DIRECTORY,
    Object,
    Ref,
    annotations_of,
    labels_of,
    ref_of,
    timestamp,
)
from localkube.engine.pods import volumes
from localkube.engine.pods.containers import Container
from localkube.engine.pods.process_launch import Platform
from localkube.errors import LocalkubeError

VOLUME = "localkube/volume."
"""With a volume's name: the annotation that says where that one is."""
TEMPLATE_HASH = "pod-template-hash"
DEFAULT_GRACE_S = 30
LEAST_GRACE_S = 1.0
"""What a negative grace period stands for, as in Kubernetes."""
GENERATED = 58
"""What is kept of a long name before a generated end, as in Kubernetes: 63 letters in all."""
LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""What generated names are made of, as in Kubernetes."""


class Pod:
    """One running pod. Its document in the store is replaced at each change."""

    def __init__(self, document: Object, platform: Platform) -> None:
        self.platform = platform
        self.ref = ref_of(document)
        self.ip = platform.addresses.pod_ip()
        self.directory = platform.directory / self.ref.namespace / self.ref.name
        self.document = self._placed(document)
        self._containers = [Container(c, self) for c in self.document["spec"]["containers"]]
        self._ready_since: float | None = None
        self._end: asyncio.Task[None] | None = None
        self._poked = asyncio.Event()
        self.publish()
        self._life = asyncio.create_task(self._run())

    @property
    def owner(self) -> str:
        """Return the uid of the Deployment that made it."""
        return str(self.document["metadata"]["ownerReferences"][0]["uid"])

    @property
    def ending(self) -> bool:
        """Say whether the pod is on its way out."""
        return self._end is not None

    @property
    def grace(self) -> float:
        """Return the seconds a container has between SIGTERM and SIGKILL."""
        seconds = self.document["spec"].get("terminationGracePeriodSeconds", DEFAULT_GRACE_S)
        return float(seconds) if seconds >= 0 else LEAST_GRACE_S

    def ready_for(self) -> float:
        """Return for how many seconds the pod has been ready, negative when it is not."""
        return -1.0 if self._ready_since is None else time.monotonic() - self._ready_since

    def terminate(self, grace: float | None = None, *, hook: bool = True) -> asyncio.Task[None]:
        """Begin the pod's end, or hurry it with a `grace` of 0; endpoints lose it at once."""
        seconds = self.grace if grace is None else grace
        if self._end is None:
            self._end = asyncio.create_task(self._terminate(seconds, hook=hook))
            marks = {"deletionTimestamp": timestamp(), "deletionGracePeriodSeconds": int(seconds)}
            metadata = {**self.document["metadata"], **marks}
            self.document = {**self.document, "metadata": metadata}
            self.publish()
        elif seconds == 0:
            self._hurry = asyncio.gather(*(c.end(0) for c in self._containers))
        return self._end

    def refresh(self) -> None:
        """Bring volumes up to date after a ConfigMap or Secret changed."""
        self._poked.set()
        for container in self._containers:
            container.poke()
        self._mount()

    def publish(self) -> None:
        """Put what is true now into the store."""
        self.document = self.platform.store.put({**self.document, "status": self._status()})

    def record(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Note an event of this pod."""
        self.platform.events.record(self.ref, reason, message, warning=warning)

    async def _run(self) -> None:
        while not self._mount():
            self._poked.clear()
            await self._poked.wait()
        (self.directory / "work").mkdir(parents=True, exist_ok=True)
        async with asyncio.TaskGroup() as group:
            for container in self._containers:
                group.create_task(container.run())

    async def _terminate(self, grace: float, *, hook: bool) -> None:
        self.record("Killing", f"Stopping pod within {grace:g} s")
        await asyncio.gather(*(c.end(grace, hook=hook) for c in self._containers))
        self._life.cancel()
        await asyncio.wait([self._life])
        shutil.rmtree(self.directory, ignore_errors=True)
        self.platform.store.remove(self.ref)

    def _mount(self) -> bool:
        mounted, target = self.document["spec"].get("volumes", []), self.directory / "volumes"
        try:
            volumes.prepare(mounted, target, self.ref.namespace, self.platform.store)
        except (LocalkubeError, OSError) as error:
            self.record("FailedMount", str(error), warning=True)
            return False
        return True

    def _placed(self, document: Object) -> Object:
        """Say in the document where things are on this machine."""
        spec = document["spec"]
        places = {
            VOLUME + volume["name"]: str(self.directory / "volumes" / volume["name"])
            for volume in spec.get("volumes", [])
        }
        annotations = annotations_of(document) | places | {DIRECTORY: str(self.directory)}
        containers = [
            {**c, "ports": [self._placed_port(port) for port in c.get("ports", [])]}
            for c in spec["containers"]
        ]
        here = {"serviceAccountName": "default", "nodeName": "localhost"}
        metadata = {**document["metadata"], "annotations": annotations}
        return {**document, "metadata": metadata, "spec": here | spec | {"containers": containers}}

    def _placed_port(self, port: Object) -> Object:
        # Where a pod really listens, in the field Kubernetes has for a port of the machine.
        real = self.platform.addresses.pod_port(port["containerPort"])
        return port if real == port["containerPort"] else {**port, "hostPort": real}

    def _status(self) -> Object:
        statuses = [container.status() for container in self._containers]
        ready = not self.ending and all(status["ready"] for status in statuses)
        if not ready or self._ready_since is None:
            self._ready_since = time.monotonic() if ready else None
        running = any("waiting" not in s["state"] or s["restartCount"] for s in statuses)
        complaints = [f"{c.document['name']}: {c.complaint}" for c in self._containers]
        complaints = [text for text in complaints if not text.endswith(": None")]
        condition = {"type": "Ready", "status": str(ready)}
        return {
            "phase": "Running" if running else "Pending",
            "podIP": self.ip,
            "podIPs": [{"ip": self.ip}],
            "hostIP": "127.0.0.1",
            "hostIPs": [{"ip": "127.0.0.1"}],
            "conditions": [condition | ({"message": "; ".join(complaints)} if complaints else {})],
            "containerStatuses": statuses,
        }


class Pods:
    """All pods."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._pods: dict[Ref, Pod] = {}
        platform.store.subscribe(self._on_change)

    def create(self, owner: Object, mark: str) -> None:
        """Start a pod of a Deployment's template, whose hash is `mark`."""
        template, metadata = owner["spec"]["template"], owner["metadata"]
        suffix = "".join(secrets.choice(LETTERS) for _ in range(5))
        controller = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": True}
        document = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"{metadata['name']}-{mark}-"[:GENERATED] + suffix,
                "namespace": metadata["namespace"],
                "labels": {**labels_of(template), TEMPLATE_HASH: mark},
                "annotations": annotations_of(template),
                "ownerReferences": [
                    {**controller, "name": metadata["name"], "uid": metadata["uid"]}
                ],
            },
            "spec": template["spec"],
        }
        pod = Pod(document, self._platform)
        self._pods[pod.ref] = pod

    def all(self) -> list[Pod]:
        """Return every pod that is not gone yet."""
        return list(self._pods.values())

    def get(self, ref: Ref) -> Pod | None:
        """Return a pod that is not gone yet."""
        return self._pods.get(ref)

    async def end_all(self, grace: float) -> None:
        """End every pod, without hooks and within `grace` seconds: nothing stays to hand over."""
        ends = [pod.terminate(grace, hook=False) for pod in self.all()]
        if not ends:
            return
        _, late = await asyncio.wait(ends, timeout=grace + 0.5)
        if late:
            # They were ending before, with a grace period of their own.
            for pod in self.all():
                pod.terminate(0)
            await asyncio.wait(late)

    def _on_change(self, ref: Ref) -> None:
        if ref.kind == "Pod" and self._platform.store.find(ref) is None:
            self._pods.pop(ref, None)
        if ref.kind in {"ConfigMap", "Secret"}:
            for pod in self.all():
                if pod.ref.namespace == ref.namespace and not pod.ending:
                    pod.refresh()
