"""Deployments: pods of the current template, and a rolling update from earlier ones to it."""

import asyncio
import hashlib
import json

from localkube.api.objects import Object, Ref, labels_of, ref_of, selects
from localkube.engine.events import Events
from localkube.engine.pods.pods import LETTERS, TEMPLATE_HASH, Pod, Pods
from localkube.engine.rolling_update import Limits, Size, next_sizes
from localkube.engine.store import Store

DEFAULT_SURGE = "25%"


class Deployments:
    """Brings pods to what Deployments say, after each change.

    The label pod-template-hash tells a pod's template, so that no ReplicaSet has to remember it.
    """

    def __init__(self, store: Store, pods: Pods, events: Events) -> None:
        self._store, self._pods, self._events = store, pods, events
        self._scheduled = self._stopped = False
        store.subscribe(self._on_change)

    def stop(self) -> None:
        """Change nothing any more."""
        self._stopped = True

    def _on_change(self, ref: Ref) -> None:
        if ref.kind in {"Deployment", "Pod"} and not self._scheduled:
            self._scheduled = True
            asyncio.get_running_loop().call_soon(self._reconcile)

    def _reconcile(self) -> None:
        self._scheduled = False
        if self._stopped:
            return
        deployments = self._store.list("Deployment")
        for deployment in deployments:
            self._roll(deployment)
            self._describe(deployment)
        owners = {deployment["metadata"]["uid"] for deployment in deployments}
        for pod in self._pods.all():
            if pod.owner not in owners and not pod.ending:
                pod.terminate()

    def _roll(self, deployment: Object) -> None:
        mark = template_hash(deployment["spec"]["template"])
        new, old = self._split(deployment, mark)
        if deployment["spec"].get("strategy", {}).get("type") == "Recreate":
            sizes = (0 if self._has_earlier(deployment, mark) else _replicas(deployment), 0)
        else:
            sizes = next_sizes(_limits(deployment), _size(new), _size(old))
        self._resize(deployment, mark, new, sizes[0])
        self._resize(deployment, mark, old, sizes[1])

    def _split(self, deployment: Object, mark: str) -> tuple[list[Pod], list[Pod]]:
        """Return the pods of the current template and those of earlier ones."""
        pods = [pod for pod in self._owned(deployment) if not pod.ending]
        new = [pod for pod in pods if labels_of(pod.document).get(TEMPLATE_HASH) == mark]
        return new, [pod for pod in pods if pod not in new]

    def _has_earlier(self, deployment: Object, mark: str) -> bool:
        marks = {labels_of(pod.document).get(TEMPLATE_HASH) for pod in self._owned(deployment)}
        return bool(marks - {mark})

    def _owned(self, deployment: Object) -> list[Pod]:
        uid, selector = deployment["metadata"]["uid"], deployment["spec"]["selector"]
        owned = [pod for pod in self._pods.all() if pod.owner == uid]
        return [pod for pod in owned if selects(selector["matchLabels"], pod.document)]

    def _resize(self, deployment: Object, mark: str, pods: list[Pod], size: int) -> None:
        if size == len(pods):
            return
        which = f"pods of template {mark} to {size}"
        message = f"Scaled {which}" if size > len(pods) else f"Ended {len(pods) - size} pods"
        self._events.record(ref_of(deployment), "Scaling", message)
        for _ in range(size - len(pods)):
            self._pods.create(deployment, mark)
        # Those that serve nobody go first, then the youngest.
        for pod in sorted(pods, key=Pod.ready_for)[: max(0, len(pods) - size)]:
            pod.terminate()

    def _describe(self, deployment: Object) -> None:
        new, old = self._split(deployment, template_hash(deployment["spec"]["template"]))
        ready = _size(new + old).available
        status = {
            "observedGeneration": deployment["metadata"]["generation"],
            "replicas": len(new + old),
            "updatedReplicas": len(new),
            "readyReplicas": ready,
            "availableReplicas": ready,
        }
        self._store.put({**deployment, "status": status})


def template_hash(template: Object) -> str:
    """Return the pod-template-hash of a template: equal for equal templates."""
    text = json.dumps(template, sort_keys=True)
    number = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8])
    return "".join(LETTERS[number // 27**place % 27] for place in range(10))


def _size(pods: list[Pod]) -> Size:
    return Size(len(pods), sum(pod.ready_for() >= 0 for pod in pods))


def _replicas(deployment: Object) -> int:
    return int(deployment["spec"].get("replicas", 1))


def _limits(deployment: Object) -> Limits:
    rolling = deployment["spec"].get("strategy", {}).get("rollingUpdate", {})
    surge = rolling.get("maxSurge", DEFAULT_SURGE)
    return Limits.of(_replicas(deployment), surge, rolling.get("maxUnavailable", DEFAULT_SURGE))
