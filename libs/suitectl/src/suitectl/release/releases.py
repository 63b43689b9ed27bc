"""Reads and changes the release, in an order that never leaves the Service without pods.

More replicas come first and must be ready; then the selector; fewer replicas come last.
"""

import argparse
import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Self

from suitectl.arguments import READY_WITHIN, flag, platform_of, ready_within
from suitectl.catalogue import VERSION_PATH, Service, named_if_needed, versioned_service
from suitectl.command_lines import Verb
from suitectl.errors import CommandFailedError, ReleaseFailedError
from suitectl.output_pipe import cancelled_without_reader
from suitectl.platform.platform import Platform
from suitectl.release.pods import Pods
from suitectl.release.release import PREVIOUS, Release, release_from_json
from suitectl.reporter import Reporter

_FIRST_RESPONSE = 15.0
LOCAL_REPLICAS = 20
"""The pods of a service's versions on localkube: each is a process of some 60 MiB."""


class Releases:
    """The versions of a service on a platform."""

    def __init__(
        self,
        platform: Platform,
        service: Service,
        *,
        ready_within: float = READY_WITHIN,
        kubectl: bool = False,
    ) -> None:
        self.platform, self.reporter = platform, Reporter(platform.name, kubectl=kubectl)
        self.service = service
        self._pods = Pods(platform, service, ready_within=ready_within)
        self._deployments: dict[str, str] = {}

    @classmethod
    def of(cls, options: argparse.Namespace) -> Self:
        """Return the versions of the service and on the platform of a command's options."""
        service, kubectl = versioned_service(options.service), flag("KUBECTL", options.kubectl)
        within = ready_within(options)
        return cls(platform_of(options), service, ready_within=within, kubectl=kubectl)

    @property
    def way_back(self) -> str:
        """Return the command that undoes a release."""
        return f"make rollback{named_if_needed(self.service)}"

    async def now(self) -> Release:
        """Return the current release; raise `CommandFailedError` where no suite runs."""
        service = await self._service()
        found = await self.platform.objects("deployments", self.service.namespace)
        app = self.service.name
        ours = [d for d in found if d["spec"]["selector"]["matchLabels"].get("app") == app]
        versions = {d["spec"]["selector"]["matchLabels"].get("version", "?"): d for d in ours}
        self._deployments = {v: d["metadata"]["name"] for v, d in sorted(versions.items())}
        replicas = {v: versions[v]["spec"].get("replicas", 1) for v in self._deployments}
        return Release(service["spec"].get("selector") or {}, replicas)

    async def previous(self) -> Release:
        """Return the release before the last command; raise `CommandFailedError`."""
        text = await self._annotation()
        if text is None:
            raise CommandFailedError("nothing to go back to: no release command ran here yet")
        try:
            return release_from_json(text)
        except ValueError as error:
            raise CommandFailedError(
                f"invalid annotation {PREVIOUS} of the Service: {error}"
            ) from None

    async def ready(self) -> Mapping[str, int]:
        """Count the ready pods of each version."""
        return await self._pods.ready()

    @asynccontextmanager
    async def going_back(self, before: Release) -> AsyncIterator[None]:
        """Store a release in the annotation; restore it when the block fails or is interrupted.

        A reader of the output who leaves, as `| head` does, interrupts like Ctrl-C.
        """
        earlier = await self._annotation()
        await self._remember(before.to_json())
        try:
            with cancelled_without_reader():
                yield
        # Rich exits where it prints after the reader has left.
        except (Exception, asyncio.CancelledError, SystemExit) as error:
            by_user = not isinstance(error, Exception)
            why = "interrupted" if by_user else str(error)
            self.reporter.bad(
                f"{why}: going back (a second Ctrl-C stops that; then: {self.way_back})"
            )
            await self._restore(before, earlier, why)
            self.reporter.good(f"back at {before}")
            if by_user:
                raise asyncio.CancelledError from None
            raise ReleaseFailedError(f"{why}; back at {before}") from error

    async def check(self, *targets: Release) -> None:
        """Refuse what one machine cannot run, or an autoscaler undoes: `CommandFailedError`."""
        if self.platform.name == "localkube":
            for target in targets:
                _check_machine(target)
            return  # localkube has no autoscalers
        scalers = await self.platform.objects("horizontalpodautoscalers", self.service.namespace)
        by_deployment = {s["spec"]["scaleTargetRef"]["name"]: s for s in scalers}
        for target in targets:
            for version, count in target.replicas.items():
                if scaler := by_deployment.get(self._deployments[version]):
                    _check_bounds(scaler, version, count)

    async def move(self, target: Release) -> None:
        """Move to a release; return when exactly its pods are ready."""
        await self.grow(target)
        await self.select(target)
        now = await self.now()
        await self._scale({v: n for v, n in target.replicas.items() if n < now.replicas[v]})
        await self._pods.settle(target.replicas, exactly=True)

    async def grow(self, target: Release) -> None:
        """Scale up to a release's replicas, and wait until they are ready."""
        now = await self.now()
        await self._scale({v: n for v, n in target.replicas.items() if n > now.replicas[v]})
        await self._pods.settle(target.carrying, exactly=False)

    async def select(self, target: Release) -> None:
        """Point the Service at a release's pods; raise `ReleaseFailedError` where none is ready."""
        now = await self.now()
        if now.selector == target.selector:
            return
        ready = await self.ready()
        if not any(ready.get(version) for version in target.carrying):
            raise ReleaseFailedError("no ready pod: the Service would have no pods")
        await self._select(self.service.service, now.selector, target.selector)

    async def preview(self, version: str) -> None:
        """Point the preview Service at a version."""
        name = self.service.preview
        found = await self.platform.object("service", name, self.service.namespace)
        wanted = {"app": self.service.name, "version": version}
        if found["spec"]["selector"] != wanted:
            await self._select(name, found["spec"]["selector"], wanted)

    async def version_url(self, service: str) -> str:
        """Return the URL at which the Service, or the one for previews, names its version."""
        base = await self.platform.url(service, self.service.namespace)
        return base + self.service.annotation(VERSION_PATH)

    async def _run(self, text: str, *arguments: str) -> None:
        """Print a change, then make it."""
        self.reporter.change(text, Verb(arguments))
        await self.platform.run(*arguments)

    async def _restore(self, before: Release, earlier: str | None, why: str) -> None:
        try:
            await self._undo(before)
            await self._remember(earlier)
        except (CommandFailedError, TimeoutError) as error:
            raise ReleaseFailedError(
                f"{why}; going back failed too: {error}; then: {self.way_back}"
            ) from None

    async def _undo(self, before: Release) -> None:
        """Go back in the same order, without a wait for pods that were not ready before."""
        replicas = (await self.now()).replicas
        more = {v: n for v, n in before.replicas.items() if n > replicas[v]}
        await self._scale(more)
        await self._pods.settle(more, exactly=False)
        await self.select(before)
        await self._scale({v: n for v, n in before.replicas.items() if n < replicas[v]})

    async def _scale(self, replicas: Mapping[str, int]) -> None:
        for version, count in replicas.items():
            scale = ("scale", f"deployment/{self._deployments[version]}", f"--replicas={count}")
            await self._run(f"{version} scales to {count}", *scale, *self._where)

    async def _select(self, service: str, old: Mapping[str, str], new: Mapping[str, str]) -> None:
        selector = {key: new.get(key) for key in {**new, **old}}
        patch = json.dumps({"spec": {"selector": selector}})
        text = f"{service} selects {new.get('version', 'every version')}"
        await self._run(text, "patch", "service", service, *self._where, "-p", patch)

    async def _remember(self, text: str | None) -> None:
        patch = json.dumps({"metadata": {"annotations": {PREVIOUS: text}}})
        service = self.service.service
        await self._run("", "patch", "service", service, *self._where, "-p", patch)

    @property
    def _where(self) -> tuple[str, str]:
        return "-n", self.service.namespace

    async def _annotation(self) -> str | None:
        annotations = (await self._service())["metadata"].get("annotations") or {}
        text = annotations.get(PREVIOUS)
        return None if text is None else str(text)

    async def _service(self) -> dict[str, Any]:
        # The first request to a platform: one that does not respond is reported soon.
        name, namespace = self.service.address
        return await self.platform.object("service", name, namespace, timeout=_FIRST_RESPONSE)


def _check_machine(target: Release) -> None:
    if (pods := sum(target.replicas.values())) > LOCAL_REPLICAS:
        most = f"localkube runs them on this machine, at most {LOCAL_REPLICAS}"
        raise CommandFailedError(f"{target}: {pods} replicas are too many; {most}")


def _check_bounds(scaler: Mapping[str, Any], version: str, count: int) -> None:
    least, most = scaler["spec"].get("minReplicas", 1), scaler["spec"]["maxReplicas"]
    # 0 replicas switch an autoscaler off.
    if count and not least <= count <= most:
        name, namespace = (scaler["metadata"][key] for key in ("name", "namespace"))
        raise CommandFailedError(
            f"{version}={count}: HorizontalPodAutoscaler {name} allows {least} to {most} replicas;"
            f" stay within, or kubectl delete hpa {name} -n {namespace}"
        )
