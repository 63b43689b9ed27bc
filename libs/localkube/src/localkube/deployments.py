"""Deployments: a ReplicaSet per template, pods per ReplicaSet, rolling updates between them."""

import asyncio
import hashlib
import json
import time
from collections.abc import Iterable

from localkube.errors import LocalkubeError
from localkube.events import Events
from localkube.objects import (
    REVISION,
    TEMPLATE_HASH,
    Object,
    Ref,
    annotations_of,
    labels_of,
    owned_by,
    owner_of,
    ref_of,
)
from localkube.pods import Pod, Pods
from localkube.rolling import Limits, Size, next_sizes
from localkube.selectors import from_document, matches
from localkube.store import Store

_WATCHED = frozenset({"Deployment", "ReplicaSet", "Pod"})
DEFAULT_SURGE = "25%"
DEFAULT_DEADLINE_S = 600


class Deployments:
    """Brings pods to what Deployments say, after each change."""

    def __init__(self, store: Store, pods: Pods, events: Events) -> None:
        self._store, self._pods, self._events = store, pods, events
        self._scheduled = self._stopped = False
        self._timer: asyncio.TimerHandle | None = None
        self._progress: dict[str, tuple[object, float]] = {}
        store.subscribe(self._on_change)

    def stop(self) -> None:
        """Change nothing any more."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()

    def delete(self, ref: Ref) -> None:
        """Remove a Deployment or ReplicaSet, and all that it owns."""
        owner = self._store.get(ref)
        self._store.remove(ref)
        for kind in ("ReplicaSet", "Pod"):
            for owned in self._store.list(kind, ref.namespace):
                if owner_of(owned) == owner["metadata"]["uid"]:
                    self._delete_owned(ref_of(owned))

    def _delete_owned(self, ref: Ref) -> None:
        if ref.kind == "ReplicaSet":
            self.delete(ref)
        elif pod := self._pods.get(ref):
            pod.terminate()

    def _on_change(self, ref: Ref) -> None:
        if ref.kind in _WATCHED and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._reconcile)

    def _reconcile(self) -> None:
        self._scheduled = False
        if self._stopped:
            return
        for deployment in self._store.list("Deployment"):
            self._roll(deployment)
        for replica_set in self._store.list("ReplicaSet"):
            self._scale(replica_set)
        for deployment in self._store.list("Deployment"):
            self._describe(deployment)

    def _roll(self, deployment: Object) -> None:
        new, old = self._replica_sets(deployment)
        new = new or self._create(deployment, old)
        new = self._with_highest_revision(new, old)
        if (deployment["spec"].get("strategy") or {}).get("type") == "Recreate":
            wanted, sizes = self._recreate(deployment, old)
        else:
            sized = [self._size(deployment, s) for s in old]
            wanted, sizes = next_sizes(_limits(deployment), self._size(deployment, new), sized)
        self._resize(deployment, new, wanted)
        for replica_set, size in zip(old, sizes, strict=True):
            self._resize(deployment, replica_set, size)
        self._forget_history(deployment, old)

    def _recreate(self, deployment: Object, old: list[Object]) -> tuple[int, list[int]]:
        leaving = [pod for replica_set in old for pod in self._pods_of(replica_set)]
        wanted = 0 if leaving else _replicas(deployment)
        return wanted, [0] * len(old)

    def _replica_sets(self, deployment: Object) -> tuple[Object | None, list[Object]]:
        owned = [
            replica_set
            for replica_set in self._store.list("ReplicaSet", deployment["metadata"]["namespace"])
            if owner_of(replica_set) == deployment["metadata"]["uid"]
        ]
        owned.sort(key=revision_of)
        name = _replica_set_name(deployment)
        new = next((s for s in owned if s["metadata"]["name"] == name), None)
        return new, [s for s in owned if s is not new]

    def _create(self, deployment: Object, old: list[Object]) -> Object:
        spec = deployment["spec"]
        mark = {TEMPLATE_HASH: template_hash(spec["template"])}
        labels = {**labels_of(spec["template"]), **mark}
        template = {**spec["template"]}
        template["metadata"] = {**template["metadata"], "labels": labels}
        revision = max((revision_of(s) for s in old), default=0) + 1
        metadata = {
            "name": _replica_set_name(deployment),
            "namespace": deployment["metadata"]["namespace"],
            "labels": labels,
            "annotations": {REVISION: str(revision)},
            "ownerReferences": owned_by(deployment),
        }
        matched = {**(spec["selector"].get("matchLabels") or {}), **mark}
        selector = {**spec["selector"], "matchLabels": matched}
        body = {"replicas": 0, "selector": selector, "template": template}
        head = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "metadata": metadata}
        return self._store.put({**head, "spec": body})

    def _with_highest_revision(self, new: Object, old: list[Object]) -> Object:
        highest = max((revision_of(s) for s in old), default=0)
        if revision_of(new) > highest:
            return new
        annotations = {**annotations_of(new), REVISION: str(highest + 1)}
        return self._store.put({**new, "metadata": {**new["metadata"], "annotations": annotations}})

    def _resize(self, deployment: Object, replica_set: Object, size: int) -> None:
        before = replica_set["spec"]["replicas"]
        if size == before:
            return
        self._store.put({**replica_set, "spec": {**replica_set["spec"], "replicas": size}})
        direction = "up" if size > before else "down"
        message = f"Scaled {direction} {replica_set['metadata']['name']} from {before} to {size}"
        self._events.record(ref_of(deployment), "ScalingReplicaSet", message)

    def _forget_history(self, deployment: Object, old: list[Object]) -> None:
        empty = [s for s in old if not s["spec"]["replicas"] and not self._pods_of(s)]
        limit = deployment["spec"].get("revisionHistoryLimit", 10)
        for replica_set in empty[: max(0, len(empty) - limit)]:
            self._store.remove(ref_of(replica_set))

    def _scale(self, replica_set: Object) -> None:
        pods = [pod for pod in self._pods_of(replica_set) if not pod.ending]
        missing = replica_set["spec"]["replicas"] - len(pods)
        for _ in range(missing):
            self._create_pod(replica_set)
        # Those that serve nobody go first, then the youngest.
        for pod in sorted(pods, key=Pod.ready_for)[: max(0, -missing)]:
            pod.terminate()
        counted = self._size(replica_set, replica_set)
        status = {"replicas": len(pods), "readyReplicas": counted.available}
        self._store.put({**self._store.get(ref_of(replica_set)), "status": status})

    def _create_pod(self, replica_set: Object) -> None:
        try:
            self._pods.create(replica_set, replica_set["spec"]["template"])
        except (LocalkubeError, OSError) as error:
            self._events.record(ref_of(replica_set), "FailedCreate", str(error), warning=True)

    def _pods_of(self, replica_set: Object) -> list[Pod]:
        selector = from_document(replica_set["spec"]["selector"])
        owned = [
            self._pods.get(ref_of(document))
            for document in self._store.list("Pod", replica_set["metadata"]["namespace"])
            if owner_of(document) == replica_set["metadata"]["uid"]
            and matches(selector, labels_of(document))
        ]
        return [pod for pod in owned if pod is not None]

    def _size(self, deployment: Object, replica_set: Object) -> Size:
        least = deployment["spec"].get("minReadySeconds", 0)
        ready = [pod.ready_for() for pod in self._pods_of(replica_set)]
        self._wake_in([least - age for age in ready if 0 <= age < least])
        return Size(replica_set["spec"]["replicas"], sum(age >= least for age in ready))

    def _wake_in(self, delays: Iterable[float]) -> None:
        loop = asyncio.get_running_loop()
        for at in (loop.time() + delay + 0.01 for delay in delays):
            if self._timer is None or at < self._timer.when():
                if self._timer is not None:
                    self._timer.cancel()
                self._timer = loop.call_at(at, self._ring)

    def _ring(self) -> None:
        self._timer = None
        self._on_change(Ref("Deployment", "", ""))

    def _describe(self, deployment: Object) -> None:
        new, old = self._replica_sets(deployment)
        if new is None:
            return
        alive = {
            s["metadata"]["name"]: [p for p in self._pods_of(s) if not p.ending]
            for s in (new, *old)
        }
        everyone = [pod for pods in alive.values() for pod in pods]
        available = sum(self._size(deployment, s).available for s in (new, *old))
        counts = {
            "replicas": len(everyone),
            "updatedReplicas": len(alive[new["metadata"]["name"]]),
            "readyReplicas": sum(pod.ready_for() >= 0 for pod in everyone),
            "availableReplicas": available,
            "unavailableReplicas": max(0, _replicas(deployment) - available),
        }
        conditions = self._conditions(deployment, counts)
        generation = deployment["metadata"]["generation"]
        status = {"observedGeneration": generation, **counts, "conditions": conditions}
        annotations = {**annotations_of(deployment), REVISION: annotations_of(new)[REVISION]}
        metadata = {**deployment["metadata"], "annotations": annotations}
        self._store.put({**deployment, "metadata": metadata, "status": status})

    def _conditions(self, deployment: Object, counts: dict[str, int]) -> list[Object]:
        wanted, limits = _replicas(deployment), _limits(deployment)
        enough: bool = counts["availableReplicas"] >= wanted - limits.unavailable
        done = counts["updatedReplicas"] == counts["replicas"] == wanted
        done = done and counts["availableReplicas"] == wanted
        late = not done and self._is_late(deployment, counts)
        reason = "ReplicaSetUpdated"
        if late:
            reason = "ProgressDeadlineExceeded"
        elif done:
            reason = "NewReplicaSetAvailable"
        return [
            {"type": "Available", "status": str(enough)},
            {"type": "Progressing", "status": str(not late), "reason": reason},
        ]

    def _is_late(self, deployment: Object, counts: dict[str, int]) -> bool:
        uid, now = deployment["metadata"]["uid"], time.monotonic()
        seen = (deployment["metadata"]["generation"], counts)
        if self._progress.get(uid, (None, 0))[0] != seen:
            self._progress[uid] = (seen, now)
        deadline = deployment["spec"].get("progressDeadlineSeconds", DEFAULT_DEADLINE_S)
        left: float = self._progress[uid][1] + deadline - now
        self._wake_in([left] if left > 0 else [])
        return left <= 0


def template_hash(template: Object) -> str:
    """Return the pod-template-hash of a template: equal for equal templates."""
    text = json.dumps(template, sort_keys=True)
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    letters = "bcdfghjklmnpqrstvwxz2456789"
    return "".join(letters[number // 27**place % 27] for place in range(10))


def revision_of(replica_set: Object) -> int:
    """Return the rollout revision of a ReplicaSet."""
    return int(annotations_of(replica_set).get(REVISION, "0"))


def _replica_set_name(deployment: Object) -> str:
    return f"{deployment['metadata']['name']}-{template_hash(deployment['spec']['template'])}"


def _replicas(deployment: Object) -> int:
    return int(deployment["spec"].get("replicas", 1))


def _limits(deployment: Object) -> Limits:
    rolling = (deployment["spec"].get("strategy") or {}).get("rollingUpdate") or {}
    surge = rolling.get("maxSurge", DEFAULT_SURGE)
    unavailable = rolling.get("maxUnavailable", DEFAULT_SURGE)
    return Limits.of(_replicas(deployment), surge, unavailable)
