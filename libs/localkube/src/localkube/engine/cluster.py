"""The operations of the control socket: list, watch, apply, patch and delete objects."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from localkube.api.admission import admit, name_of
from localkube.api.kinds import MANIFEST_KINDS, is_namespaced, kind_named, kubectl_name, resource_of
from localkube.api.manifests import Manifest
from localkube.api.objects import Object, Ref, annotations_of, labels_of, ref_of, selects
from localkube.api.patches import merge
from localkube.engine.deployments import Deployments
from localkube.engine.events import Events
from localkube.engine.network.addresses import Addresses
from localkube.engine.network.discovery import DiscoveryTable
from localkube.engine.network.services import Services
from localkube.engine.pods.pods import Pods
from localkube.engine.pods.sandbox import Platform
from localkube.engine.pods.usage import Usage
from localkube.engine.pods.watchdog import Watchdog
from localkube.engine.reload.reloader import Reloader
from localkube.engine.reload.reports import Reports
from localkube.engine.store import Store
from localkube.engine.watches import Watches
from localkube.errors import LocalkubeError, UsageError
from localkube.images import Images

_PROTECTED_NAMESPACES = {"default", "kube-system", "kube-public"}


class Cluster:
    """The objects of one localkube, and the controllers that run them."""

    def __init__(
        self,
        directory: Path,
        addresses: Addresses,
        images: Images,
        watchdog: Watchdog,
        *,
        watch: bool = False,
    ) -> None:
        self._store, self._images = Store(), images
        self._lock = asyncio.Lock()
        self._watches = Watches(self._store)
        self.watch = self._watches.watch
        """The operation that streams changes."""
        events = Events(self._store)
        table = directory / "discovery" / "services.json"
        variables = {"DISCOVERY__MODE": "static", "DISCOVERY__TABLE": str(table)}
        self._services = Services(self._store, addresses)
        self._table = DiscoveryTable(self._store, table)
        platform = Platform(
            self._store, events, addresses, images, watchdog, directory / "pods", variables
        )
        self._pods, self._usage = Pods(platform), Usage()
        self.measure = self._usage.measure
        self._reloader = None
        if watch:
            reports = Reports(directory, events, images)
            self._reloader = Reloader(self._store, images, reports, self._replace)
        self._deployments = Deployments(self._store, self._pods, events, self._revision)
        self._store.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "default"}})

    async def reload(self) -> None:
        """Reload what is saved until cancelled, if this cluster watches sources."""
        if self._reloader is not None:
            await self._reloader.run()

    async def stop(self, grace: float) -> None:
        """End every pod within `grace` seconds, close every listener and end the watches."""
        self._deployments.stop()
        await self._pods.end_all(grace)
        self._services.close()
        self._watches.close()

    async def list(
        self,
        kind: str,
        namespace: str | None = None,
        names: Sequence[str] = (),
        selector: dict[str, str] | None = None,
    ) -> list[Object]:
        """Return objects; raise `LocalkubeError` for a name that does not exist."""
        if names:
            return [self._store.get(_ref(kind, namespace or "", name)) for name in names]
        found = kind_named(kind)
        documents = self._store.list(found.name, namespace if found.namespaced else None)
        return [document for document in documents if selects(selector or {}, document)]

    async def usage(
        self, namespace: str | None, names: Sequence[str], selector: dict[str, str]
    ) -> Sequence[Object]:
        """Return the PodMetrics of pods; raise `LocalkubeError` for a name that does not exist."""
        return await self._usage.of(await self.list("Pod", namespace, names, selector))

    async def apply(self, manifests: Sequence[Manifest], namespace: str) -> Object:
        """Apply documents, none if one is invalid; return a line per object and what has no effect.

        Annotations that others added to an object stay. `left_out` has what cannot run here.
        """
        async with self._change():
            admitted, without_effect = self._admit_all(manifests, namespace)
            self._check_namespaces(admitted)
            running = [(s, new) for s, new in admitted if not self._left_out(new)]
            lines = [await self._put(s, self._with_annotations(new)) for s, new in running]
        left_out = [
            f"{name_of(new).name}, {why}" for _, new in admitted if (why := self._left_out(new))
        ]
        return {"lines": lines, "without_effect": sorted(without_effect), "left_out": left_out}

    async def patch(self, kind: str, namespace: str, name: str, how: str, patch: Any) -> Object:
        """Patch an object (`how` is merge or strategic) and return the line to print.

        A patch with a resourceVersion applies to that version only.
        """
        ref = _ref(kind, namespace, name)
        async with self._change():
            old = self._store.get(ref)
            new = merge(old, patch, strategic=how == "strategic")
            if not isinstance(patch, dict) or not _is_same_object(new, ref):
                raise UsageError(
                    f"{ref}: a patch is an object, and cannot change kind, name or namespace"
                )
            if ref.kind not in MANIFEST_KINDS:
                raise UsageError(
                    f"{ref}: localkube creates it; patch its Deployment or Service instead"
                )
            admitted, _ = self._admit("patch", new, namespace, old)
            return {"line": await self._put("patch", admitted, "patched")}

    async def delete(
        self, kind: str, namespace: str, name: str, grace: float | None, *, wait: bool
    ) -> Object:
        """Delete an object and what it owns; with `wait` return once a pod has ended."""
        ref = _ref(kind, namespace, name)
        async with self._change():
            ending = self._remove(ref, grace)
        if ending and wait:
            await asyncio.shield(ending)
        return {"line": f"{kubectl_name(ref)} deleted"}

    async def launch(
        self, namespace: str, name: str, container: str, command: Sequence[str]
    ) -> Object:
        """Return how a command runs in a container of a pod: words, variables and directory.

        Raises `LocalkubeError`. The client runs it itself, on its own terminal.
        """
        ref = _ref("Pod", namespace, name)
        self._store.get(ref)
        if (pod := self._pods.get(ref)) is None:
            raise LocalkubeError(f"{ref} has ended")
        found = pod.launch(container, command)
        return {
            "argv": found.argv,
            "environment": found.environment,
            "directory": str(found.directory),
        }

    @asynccontextmanager
    async def _change(self) -> AsyncIterator[None]:
        """Serialise changes, and return after the controllers have reconciled them."""
        async with self._lock:
            yield
            await asyncio.sleep(0)  # the turn of the event loop in which controllers run

    def _revision(self, deployment: Object) -> str:
        return "" if self._reloader is None else self._reloader.revision(deployment)

    def _replace(self, ref: Ref) -> None:
        self._deployments.replace(ref)

    def _remove(self, ref: Ref, grace: float | None) -> "asyncio.Task[None] | None":
        """Remove an object; return a pod's termination, which takes time."""
        self._store.get(ref)
        if pod := self._pods.get(ref):
            return pod.terminate(grace)
        if ref.kind == "Namespace":
            if ref.name in _PROTECTED_NAMESPACES:
                reason = "is forbidden: this namespace may not be deleted"
                raise UsageError(f"{resource_of(ref)} {reason}")
            for kind in MANIFEST_KINDS[1:]:
                for document in self._store.list(kind, ref.name):
                    self._store.remove(ref_of(document))
        self._store.remove(ref)
        return None

    def _admit_all(
        self, manifests: Sequence[Manifest], namespace: str
    ) -> tuple[Sequence[Manifest], set[str]]:
        """Return the admitted documents in the order of MANIFEST_KINDS, and what has no effect."""
        without_effect: set[str] = set()
        latest: dict[Ref, Object] = {}
        admitted = []
        for source, document in manifests:
            ref = name_of(document)
            if is_namespaced(ref.kind):
                ref = Ref(ref.kind, ref.namespace or namespace, ref.name)
            live = latest.get(ref) or self._store.find(ref)
            new, ignored = self._admit(source, document, namespace, live)
            without_effect |= ignored
            if ref.kind in MANIFEST_KINDS:
                latest[ref] = new
                admitted.append((source, new))
        admitted.sort(key=lambda pair: MANIFEST_KINDS.index(pair[1]["kind"]))
        return admitted, without_effect

    def _admit(
        self, source: str, document: Object, namespace: str, old: Object | None
    ) -> tuple[Object, set[str]]:
        new, without_effect = admit(document, source, namespace, old)
        if new["kind"] == "Deployment" and not self._left_out(new):
            self._check_images(new, source)
        return new, without_effect

    def _left_out(self, new: Object) -> str:
        return self._images.left_out(new) if new["kind"] == "Deployment" else ""

    def _check_images(self, new: Object, source: str) -> None:
        for index, container in enumerate(new["spec"]["template"]["spec"]["containers"]):
            try:
                self._images.entrypoint(container)
            except LocalkubeError as error:
                place = f"{ref_of(new)}: spec.template.spec.containers[{index}]"
                raise UsageError(f"{source}: {place}: {error}") from None

    def _check_namespaces(self, admitted: Iterable[Manifest]) -> None:
        known = {namespace["metadata"]["name"] for namespace in self._store.list("Namespace")}
        for source, document in admitted:
            if document["kind"] == "Namespace":
                known.add(document["metadata"]["name"])
            elif (namespace := document["metadata"]["namespace"]) not in known:
                reason = f"namespace {namespace} does not exist; add its manifest"
                raise UsageError(f"{source}: {ref_of(document)}: {reason}")

    def _with_annotations(self, new: Object) -> Object:
        live = self._store.find(ref_of(new))
        present = annotations_of(live) if live else {}
        return {
            **new,
            "metadata": {**new["metadata"], "annotations": present | annotations_of(new)},
        }

    async def _put(self, source: str, document: Object, verb: str = "configured") -> str:
        ref = ref_of(document)
        before = self._store.find(ref)
        if ref.kind == "Service":
            try:
                document = await self._services.open(document)
            except LocalkubeError as error:
                raise LocalkubeError(f"{source}: {error}", error.exit_code) from None
        if before and ref.kind == "Deployment":
            document = {**document, "status": before["status"]}
        after = self._store.put(document)
        if before is None:
            return f"{kubectl_name(ref)} created"
        return f"{kubectl_name(ref)} {verb if _content(before) != _content(after) else 'unchanged'}"


def _ref(kind: str, namespace: str, name: str) -> Ref:
    found = kind_named(kind)
    return Ref(found.name, namespace if found.namespaced else "", name)


def _is_same_object(document: Object, ref: Ref) -> bool:
    """Say whether a changed document has the same kind, name and namespace, or no namespace."""
    found = name_of({"kind": None} | document)
    return found in {ref, Ref(ref.kind, "", ref.name)}


def _content(document: Object) -> Object:
    parts = {key: value for key, value in document.items() if key not in {"metadata", "status"}}
    return {**parts, "labels": labels_of(document), "annotations": annotations_of(document)}
