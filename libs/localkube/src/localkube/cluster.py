"""Everything that runs, and the changes people ask for: list, apply, patch, delete."""

import asyncio
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from localkube import admission, selectors
from localkube.addresses import Addresses
from localkube.deployments import Deployments
from localkube.discovery_table import DiscoveryTable
from localkube.errors import LocalkubeError, ManifestError, NotFoundError, UsageError
from localkube.events import Events
from localkube.images import Images
from localkube.kinds import KINDS, MANIFEST_KINDS, kind_named
from localkube.launches import Platform
from localkube.objects import LAST_APPLIED, Object, Ref, annotations_of, labels_of, ref_of
from localkube.patches import patched, three_way
from localkube.pods import Pods
from localkube.services import Services
from localkube.store import Store
from localkube.watchdog import Watchdog

TRIM_EVERY_S = 10.0
"""How often log files are looked at."""


class Cluster:
    """One machine's worth of Kubernetes objects and the processes that stand for them."""

    def __init__(
        self, directory: Path, addresses: Addresses, images: Images, watchdog: Watchdog
    ) -> None:
        self._store = Store()
        self._events = Events(self._store)
        self._images = images
        table = directory / "discovery" / "services.json"
        self._services = Services(self._store, addresses, self._events)
        self._table = DiscoveryTable(self._store, table)
        platform = Platform(
            self._store,
            self._events,
            addresses,
            images,
            watchdog,
            directory / "pods",
            {"DISCOVERY__MODE": "static", "DISCOVERY__TABLE": str(table)},
        )
        self._pods = Pods(platform)
        self._deployments = Deployments(self._store, self._pods, self._events)
        self._put_namespace("default")

    async def tend_logs(self) -> None:
        """Keep log files within their bounds for ever."""
        while True:
            await asyncio.sleep(TRIM_EVERY_S)
            self._pods.trim_logs()

    async def stop(self, grace: float) -> None:
        """End everything within `grace` seconds."""
        self._deployments.stop()
        await self._pods.end_all(grace)
        self._services.close()

    def list(
        self, kind: str, namespace: str | None, names: Sequence[str] = (), selector: str = ""
    ) -> Iterable[Object]:
        """Return objects; raise `NotFoundError` for a name that does not exist."""
        found = kind_named(kind)
        namespace = namespace if found.namespaced else ""
        if names:
            return [self._store.get(Ref(found.name, namespace or "", name)) for name in names]
        wanted = selectors.from_text(selector)
        everything = self._store.list(found.name, namespace)
        return [o for o in everything if selectors.matches(wanted, labels_of(o))]

    async def apply(self, manifests: Sequence[tuple[str, Object]], namespace: str) -> Object:
        """Apply `(source, document)` pairs, all or none where they are not valid.

        Returns one line per object and what has no effect here.
        """
        kept = [pair for pair in manifests if not admission.has_no_effect(pair[1])]
        ignored = {d["kind"] for _, d in manifests if admission.has_no_effect(d)}
        admitted = []
        for source, document in kept:
            merged, fields = self._merged(source, document, namespace)
            ignored |= fields
            admitted.append((source, merged))
        admitted.sort(key=lambda pair: MANIFEST_KINDS.index(pair[1]["kind"]))
        self._check_namespaces(admitted)
        return {
            "lines": [await self._store_changed(source, doc) for source, doc in admitted],
            "without_effect": sorted(ignored),
        }

    async def patch(self, kind: str, namespace: str, name: str, how: str, patch: Any) -> Object:
        """Patch an object (`how` is merge, strategic, json or replace); return line and object."""
        ref = _ref(kind, namespace, name)
        old = self._store.get(ref)
        new = patch if how == "replace" else patched(old, patch, how)
        if _identity(new) != ref:
            raise UsageError(f"{ref}: a patch cannot change kind, name or namespace")
        if how == "replace":
            new = _with_last_applied(new, old)
        if ref.kind == "Pod":
            line = self._relabel(ref, old, new)
        elif ref.kind in MANIFEST_KINDS:
            admitted, _ = self._admit("patch", new, namespace)
            line = await self._store_changed("patch", admitted, verb="patched")
        else:
            raise UsageError(f"{ref}: localkube makes it; patch the Deployment or Service instead")
        return {"line": line, "object": self._store.get(ref)}

    async def delete(
        self, kind: str, namespace: str, name: str, grace: float | None, *, wait: bool
    ) -> Object:
        """Delete an object and what it owns; with `wait` return when a pod is gone."""
        ref = _ref(kind, namespace, name)
        self._store.get(ref)
        pod = self._pods.get(ref)
        if pod is not None:
            ending = pod.terminate(grace)
            if wait:
                await asyncio.shield(ending)
        elif ref.kind in {"Deployment", "ReplicaSet"}:
            self._deployments.delete(ref)
        elif ref.kind == "Namespace":
            await self._delete_namespace(name)
        else:
            self._store.remove(ref)
        return {"line": f"{_spelled(ref)} deleted"}

    async def _delete_namespace(self, name: str) -> None:
        for kind in (k.name for k in KINDS if k.namespaced and k.name not in {"Pod", "Endpoints"}):
            for document in self._store.list(kind, name):
                if self._store.find(ref_of(document)) is not None:
                    await self.delete(kind, name, document["metadata"]["name"], None, wait=False)
        self._store.remove(Ref("Namespace", "", name))

    def _merged(self, source: str, document: Object, namespace: str) -> tuple[Object, set[str]]:
        new, ignored = self._admit(source, document, namespace)
        text = json.dumps(new, sort_keys=True)
        live = self._store.find(ref_of(new))
        if live is not None:
            last = json.loads(annotations_of(live).get(LAST_APPLIED, "{}"))
            new = three_way(last, new, live)
        annotations = {**annotations_of(new), LAST_APPLIED: text}
        return {**new, "metadata": {**new["metadata"], "annotations": annotations}}, ignored

    def _admit(self, source: str, document: Object, namespace: str) -> tuple[Object, set[str]]:
        admitted, found = admission.admit(document, source, namespace)
        old = self._store.find(ref_of(admitted))
        if old is not None:
            admission.check_change(old, admitted, source)
        if admitted["kind"] == "Deployment":
            self._check_images(admitted, source)
        return admitted, found.without_effect

    def _check_images(self, deployment: Object, source: str) -> None:
        for index, container in enumerate(deployment["spec"]["template"]["spec"]["containers"]):
            try:
                self._images.entrypoint(container)
            except LocalkubeError as error:
                path = f"spec.template.spec.containers[{index}]"
                name = admission.name_of(deployment)
                raise ManifestError(f"{source}: {name}: {path}: {error}") from None

    def _check_namespaces(self, admitted: Iterable[tuple[str, Object]]) -> None:
        known = {n["metadata"]["name"] for n in self._store.list("Namespace")}
        for source, document in admitted:
            if document["kind"] == "Namespace":
                known.add(document["metadata"]["name"])
                continue
            namespace = document["metadata"]["namespace"]
            if namespace not in known:
                name = admission.name_of(document)
                reason = f"namespace {namespace} does not exist; add its manifest"
                raise ManifestError(f"{source}: {name}: {reason}")

    async def _store_changed(self, source: str, document: Object, verb: str = "configured") -> str:
        ref = ref_of(document)
        before = self._store.find(ref)
        if ref.kind == "Service":
            try:
                await self._services.open(document)
            except LocalkubeError as error:
                raise LocalkubeError(f"{source}: {error}") from None
            document = self._services.described(document)
        after = self._store.put(document)
        if before is None:
            return f"{_spelled(ref)} created"
        return f"{_spelled(ref)} {verb if _content(before) != _content(after) else 'unchanged'}"

    def _relabel(self, ref: Ref, old: Object, new: Object) -> str:
        if old["spec"] != new.get("spec"):
            raise UsageError(f"{ref}: only labels and annotations of a pod can change")
        pod = self._pods.get(ref)
        if pod is None:
            raise NotFoundError(f"{ref} is gone")
        changed = _content(old) != _content(pod.relabel(new["metadata"]))
        return f"{_spelled(ref)} {'patched' if changed else 'unchanged'}"

    def _put_namespace(self, name: str) -> None:
        metadata = {"name": name}
        status = {"phase": "Active"}
        head = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata, "status": status}
        self._store.put(head)


def _ref(kind: str, namespace: str, name: str) -> Ref:
    found = kind_named(kind)
    return Ref(found.name, namespace if found.namespaced else "", name)


def _identity(document: Any) -> Ref | None:
    try:
        return ref_of(document)
    except (KeyError, TypeError, AttributeError):
        return None


def _with_last_applied(new: Object, old: Object) -> Object:
    # People who edit do not see it, and `apply` needs it to know what it may remove.
    last = {key: text for key, text in annotations_of(old).items() if key == LAST_APPLIED}
    annotations = {**annotations_of(new), **last}
    return {**new, "metadata": {**new["metadata"], "annotations": annotations}}


def _content(document: Object) -> Object:
    parts = {key: value for key, value in document.items() if key not in {"metadata", "status"}}
    return {**parts, "labels": labels_of(document), "annotations": annotations_of(document)}


def _spelled(ref: Ref) -> str:
    group = ".apps" if kind_named(ref.kind).api_version == "apps/v1" else ""
    return f"{ref.kind.lower()}{group}/{ref.name}"
