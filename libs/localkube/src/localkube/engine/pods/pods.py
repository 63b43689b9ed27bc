"""All pods: create them, keep their volumes current, and end them."""

import asyncio
import secrets
from collections.abc import Iterable

from localkube.api.objects import Object, Ref, annotations_of, labels_of
from localkube.engine.controller import Controller
from localkube.engine.pods.pod import Pod
from localkube.engine.pods.sandbox import REVISION, Platform

TEMPLATE_HASH = "pod-template-hash"
NAME_PREFIX_LENGTH = 58
"""Letters of a long name before the random suffix, as in Kubernetes: 63 letters in all."""
LETTERS = "bcdfghjklmnpqrstvwxz2456789"
"""The letters of generated names, as in Kubernetes."""


class Pods:
    """All pods that have not ended."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._pods: dict[Ref, Pod] = {}
        platform.store.subscribe(self._forget)
        self._controller = Controller(platform.store, self._keys_for, self._reconcile)

    def create(self, owner: Object, template_hash: str, revision: str = "") -> None:
        """Create a pod from a Deployment's template, for a revision of its sources."""
        template, metadata = owner["spec"]["template"], owner["metadata"]
        suffix = "".join(secrets.choice(LETTERS) for _ in range(5))
        controller = {"apiVersion": owner["apiVersion"], "kind": owner["kind"], "controller": True}
        prefix = f"{metadata['name']}-{template_hash}-"[:NAME_PREFIX_LENGTH]
        marked = {REVISION: revision} if revision else {}
        document = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": prefix + suffix,
                "namespace": metadata["namespace"],
                "labels": {**labels_of(template), TEMPLATE_HASH: template_hash},
                "annotations": annotations_of(template) | marked,
                "ownerReferences": [
                    {**controller, "name": metadata["name"], "uid": metadata["uid"]}
                ],
            },
            "spec": template["spec"],
        }
        pod = Pod(document, self._platform)
        self._pods[pod.ref] = pod
        self._controller.mark(pod.ref)

    def all(self) -> list[Pod]:
        """Return every pod that has not ended."""
        return list(self._pods.values())

    def get(self, ref: Ref) -> Pod | None:
        """Return a pod that has not ended."""
        return self._pods.get(ref)

    async def end_all(self, grace: float) -> None:
        """End every pod within `grace` seconds, without hooks: no pod is left to take over."""
        ends = [pod.terminate(grace, hook=False) for pod in self.all()]
        if not ends:
            return
        _, late = await asyncio.wait(ends, timeout=grace + 0.5)
        if late:
            # These pods were ending before, with a longer grace period of their own.
            for pod in self.all():
                pod.terminate(0)
            await asyncio.wait(late)

    def _forget(self, ref: Ref) -> None:
        if ref.kind == "Pod" and self._platform.store.find(ref) is None:
            self._pods.pop(ref, None)

    def _keys_for(self, ref: Ref) -> Iterable[Ref]:
        if ref.kind in {"ConfigMap", "Secret"}:
            return [pod.ref for pod in self.all() if pod.ref.namespace == ref.namespace]
        return ()

    def _reconcile(self, key: Ref) -> None:
        pod = self._pods.get(key)
        if pod is not None and not pod.ending:
            pod.sync()
