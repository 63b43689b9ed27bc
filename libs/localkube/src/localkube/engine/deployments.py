"""The Deployment controller: creates and ends pods, in rolling updates or by recreation."""

import hashlib
import json
from collections.abc import Callable, Iterable

from localkube.api.objects import Object, Ref, labels_of, ref_of, selects
from localkube.engine.controller import Controller
from localkube.engine.deployment_conditions import conditions
from localkube.engine.events import Events
from localkube.engine.pods.pod import Pod
from localkube.engine.pods.pods import LETTERS, TEMPLATE_HASH, Pods
from localkube.engine.rolling_update import Limits, Size, next_sizes
from localkube.engine.store import Store

DEFAULT_SURGE = "25%"


class Deployments:
    """Creates and ends pods so that they match their Deployments.

    The label pod-template-hash identifies a pod's template, so no ReplicaSet is needed. `revision`
    returns that of a Deployment's sources, which is a part of the hash.
    """

    def __init__(
        self, store: Store, pods: Pods, events: Events, revision: Callable[[Object], str]
    ) -> None:
        self._store, self._pods, self._events = store, pods, events
        self._revision = revision
        self._controller = Controller(store, self._keys_for, self._reconcile)

    def stop(self) -> None:
        """Change nothing any more."""
        self._controller.stop()

    def replace(self, ref: Ref) -> None:
        """Replace the pods of a Deployment whose revision changed."""
        self._controller.mark(ref)

    def _keys_for(self, ref: Ref) -> Iterable[Ref]:
        if ref.kind == "Pod":
            return [ref_of(owner) for owner in self._store.list("Deployment", ref.namespace)]
        return [ref] if ref.kind == "Deployment" else ()

    def _reconcile(self, key: Ref) -> None:
        deployment = self._store.find(key)
        self._end_orphans(key, deployment)
        if deployment is not None:
            self._roll(deployment)
            self._update_status(deployment)

    def _end_orphans(self, key: Ref, deployment: Object | None) -> None:
        """End the pods of a deleted Deployment, also where another one has its name by now."""
        uid = deployment["metadata"]["uid"] if deployment else None
        for pod in self._pods.all():
            named = pod.ref.namespace == key.namespace and pod.owner["name"] == key.name
            if named and pod.owner["uid"] != uid and not pod.ending:
                pod.terminate()

    def _roll(self, deployment: Object) -> None:
        current = self._current(deployment)
        new, old = self._split(deployment, current)
        if deployment["spec"].get("strategy", {}).get("type") == "Recreate":
            old_exist = self._has_old(deployment, current)
            sizes = (0 if old_exist else _replicas(deployment), 0)
        else:
            sizes = next_sizes(_limits(deployment), _size(new), _size(old))
        self._resize(deployment, current, new, sizes[0])
        self._resize(deployment, current, old, sizes[1])

    def _current(self, deployment: Object) -> str:
        return template_hash(deployment["spec"]["template"], self._revision(deployment))

    def _split(self, deployment: Object, current: str) -> tuple[list[Pod], list[Pod]]:
        """Return the pods of the current template and those of old ones."""
        pods = [pod for pod in self._owned(deployment) if not pod.ending]
        new = [pod for pod in pods if labels_of(pod.document).get(TEMPLATE_HASH) == current]
        return new, [pod for pod in pods if pod not in new]

    def _has_old(self, deployment: Object, current: str) -> bool:
        hashes = {labels_of(pod.document).get(TEMPLATE_HASH) for pod in self._owned(deployment)}
        return bool(hashes - {current})

    def _owned(self, deployment: Object) -> list[Pod]:
        uid, selector = deployment["metadata"]["uid"], deployment["spec"]["selector"]
        owned = [pod for pod in self._pods.all() if pod.owner["uid"] == uid]
        return [pod for pod in owned if selects(selector["matchLabels"], pod.document)]

    def _resize(self, deployment: Object, current: str, pods: list[Pod], size: int) -> None:
        if size == len(pods):
            return
        scaled = f"Scaled pods of template {current} to {size}"
        message = scaled if size > len(pods) else f"Ended {len(pods) - size} pods"
        self._events.record(ref_of(deployment), "Scaling", message)
        for _ in range(size - len(pods)):
            self._pods.create(deployment, current, self._revision(deployment))
        # Pods that are not ready end first, then the youngest.
        for pod in sorted(pods, key=Pod.ready_for)[: max(0, len(pods) - size)]:
            pod.terminate()

    def _update_status(self, deployment: Object) -> None:
        new, old = self._split(deployment, self._current(deployment))
        ready, wanted = _size(new + old).available, _replicas(deployment)
        updated = _size(new).available
        status = {
            "observedGeneration": deployment["metadata"]["generation"],
            "replicas": len(new + old),
            "updatedReplicas": len(new),
            "readyReplicas": ready,
            "availableReplicas": ready,
            "conditions": conditions(
                deployment.get("status", {}).get("conditions", []),
                available=ready >= wanted - _may_be_missing(deployment),
                complete=updated == wanted and not old,
            ),
        }
        self._store.put({**deployment, "status": status})


def template_hash(template: Object, revision: str = "") -> str:
    """Return the pod-template-hash: equal for equal templates and revisions of the sources."""
    text = json.dumps(template, sort_keys=True) + revision
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    return "".join(LETTERS[number // 27**place % 27] for place in range(10))


def _size(pods: list[Pod]) -> Size:
    return Size(len(pods), sum(pod.ready_for() >= 0 for pod in pods))


def _replicas(deployment: Object) -> int:
    return int(deployment["spec"].get("replicas", 1))


def _may_be_missing(deployment: Object) -> int:
    recreated = deployment["spec"].get("strategy", {}).get("type") == "Recreate"
    return 0 if recreated else _limits(deployment).unavailable


def _limits(deployment: Object) -> Limits:
    rolling = deployment["spec"].get("strategy", {}).get("rollingUpdate", {})
    surge = rolling.get("maxSurge", DEFAULT_SURGE)
    return Limits.of(_replicas(deployment), surge, rolling.get("maxUnavailable", DEFAULT_SURGE))
