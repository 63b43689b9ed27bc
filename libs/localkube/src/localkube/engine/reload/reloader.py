"""Replaces the pods of changed sources by their Deployment's own rolling update.

A revision of the sources is part of a pod's template hash, so a save is a rollout like that of a
new image. A version that does not compile is never rolled out. One that ends before it was ever
ready is withdrawn: with maxUnavailable 0 the pods of the version before still run.
"""

import asyncio
import contextlib
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from localkube.api.objects import DIRECTORY, Object, Ref, annotations_of, is_ready, ref_of
from localkube.engine.controller import Controller
from localkube.engine.pods.sandbox import REVISION
from localkube.engine.reload.problems import Problem, problem_in_log, syntax_problems
from localkube.engine.reload.reports import Reports
from localkube.engine.reload.sources import Files, Sources, discard_bytecode, joined, read_folder
from localkube.engine.reload.watcher import changes
from localkube.engine.store import Store
from localkube.images import Images


@dataclass(slots=True)
class _Version:
    """What one Deployment runs, and what was saved since."""

    uid: str
    folders: list[Path]
    """Its sources; none where one of them did not exist when it was created."""
    first: str
    """The revision it was created with, whose pods have no revision of their own."""
    running: Sources
    seen: str
    """The latest revision that was handled, whatever came of it."""
    trial: Sources | None = None
    saved: float = 0.0
    served: bool = False

    @property
    def revision(self) -> str:
        """Return the revision to run, empty for the first one."""
        revision = (self.trial or self.running).revision
        return "" if revision == self.first else revision


class Reloader:
    """Watches the sources of all images, and decides which revision a Deployment runs."""

    def __init__(
        self, store: Store, images: Images, reports: Reports, replace: Callable[[Ref], None]
    ) -> None:
        self._store, self._images, self._reports, self._replace = store, images, reports, replace
        self._folders: dict[Path, Files] = {}
        self._versions: dict[Ref, _Version] = {}
        self._controller = Controller(store, self._keys_for, self._settle)

    async def run(self) -> None:
        """Reload after each change until cancelled."""
        async for _ in changes(self._images.watched()):
            try:
                await self._handle(time.monotonic())
            except Exception:  # noqa: BLE001  # one failed reload must not end the others
                traceback.print_exc(file=sys.stderr)

    def revision(self, deployment: Object) -> str:
        """Return the revision of its sources that a Deployment's new pods run."""
        ref, uid = ref_of(deployment), deployment["metadata"]["uid"]
        if ref not in self._versions or self._versions[ref].uid != uid:
            folders = self._folders_of(deployment)
            now = self._sources(folders)
            self._versions[ref] = _Version(uid, folders, now.revision, now, now.revision)
        return self._versions[ref].revision

    def _folders_of(self, deployment: Object) -> list[Path]:
        """Return the folders of a Deployment's sources: none of a program made otherwise."""
        containers = deployment["spec"]["template"]["spec"]["containers"]
        folders = [f for c in containers for f in self._images.sources_of(c["image"])]
        return folders if all(folder.is_dir() for folder in folders) else []

    def _sources(self, folders: list[Path]) -> Sources:
        for folder in folders:
            if folder not in self._folders:
                self._folders[folder] = read_folder(folder)
        return joined(self._folders[folder] for folder in folders)

    async def _handle(self, saved: float) -> None:
        """Compile what changed, and begin to replace the pods of what compiles."""
        read = {folder: asyncio.to_thread(read_folder, folder) for folder in self._folders}
        self._folders.update(zip(read, await asyncio.gather(*read.values()), strict=True))
        changed = dict(self._changed())
        broken: dict[Problem, list[Ref]] = {}
        for ref, now in changed.items():
            for problem in await asyncio.to_thread(self._problems, ref, now):
                broken.setdefault(problem, []).append(ref)
        for problem, refs in broken.items():
            self._reports.problem(problem, [(ref, self._pods(ref)) for ref in refs])
        for ref in changed.keys() - {ref for refs in broken.values() for ref in refs}:
            self._begin(ref, changed[ref], saved)

    def _changed(self) -> Iterator[tuple[Ref, Sources]]:
        """Yield the Deployments whose sources differ from those that were handled last."""
        for ref, version in list(self._versions.items()):
            if self._store.find(ref) is None:
                del self._versions[ref]
            elif (now := self._sources(version.folders)).revision != version.seen:
                version.seen = now.revision
                yield ref, now

    def _problems(self, ref: Ref, now: Sources) -> list[Problem]:
        running = self._versions[ref].running
        if not now.files:
            path = next(iter(running.files))
            return [Problem(path, 1, "all sources are gone")]
        files = [(p, now.files[p]) for p in now.changed_since(running) if p in now.files]
        return syntax_problems(files)

    def _begin(self, ref: Ref, now: Sources, saved: float) -> None:
        version = self._versions[ref]
        if now.revision == version.running.revision:
            version.trial = None
            self._reports.say(ref, "Reloaded", "serves the saved sources, as before")
        else:
            version.trial, version.saved, version.served = now, saved, False
            changed = now.changed_since(version.running)
            discard_bytecode(changed)
            paths = [self._reports.shown(path) for path in changed]
            more = f" and {len(paths) - 1} more" if len(paths) > 1 else ""
            self._reports.say(ref, "Reloading", f"changed: {paths[0]}{more}")
        self._replace(ref)

    def _keys_for(self, ref: Ref) -> Iterable[Ref]:
        if ref.kind == "Pod":
            return [key for key in self._versions if key.namespace == ref.namespace]
        return [ref] if ref.kind == "Deployment" else ()

    def _settle(self, ref: Ref) -> None:
        """Accept a version once all pods run it, or withdraw it once its first pod ended."""
        version, deployment = self._versions.get(ref), self._store.find(ref)
        if version is None or deployment is None or version.trial is None:
            return
        pods = self._pods(ref)
        new = [pod for pod in pods if annotations_of(pod).get(REVISION, "") == version.revision]
        ready = sum(is_ready(pod) for pod in new)
        version.served = version.served or ready > 0
        if ready == len(pods) == deployment["spec"].get("replicas", 1):
            version.running, version.trial = version.trial, None
            took = time.monotonic() - version.saved
            self._reports.say(
                ref, "Reloaded", f"{ready} pods serve it, {took:.1f} s after the save"
            )
        elif not version.served and (ended := [pod for pod in new if _has_ended(pod)]):
            self._withdraw(ref, version, ended[0])

    def _withdraw(self, ref: Ref, version: _Version, ended: Object) -> None:
        assert version.trial is not None  # noqa: S101  # for the type checker
        path, line, reason = problem_in_log(_log_of(ended), version.trial.files.keys())
        if path is None:
            path, line = version.trial.first_change(version.running)
        old = [pod for pod in self._pods(ref) if is_ready(pod)]
        version.trial = None
        self._reports.problem(Problem(path, line, reason), [(ref, old)])
        self._replace(ref)

    def _pods(self, ref: Ref) -> list[Object]:
        """Return the pods of a Deployment that are not ending."""
        deployment = self._store.find(ref)
        uid = deployment["metadata"]["uid"] if deployment else None
        return [
            pod
            for pod in self._store.list("Pod", ref.namespace)
            if pod["metadata"]["ownerReferences"][0]["uid"] == uid
            and "deletionTimestamp" not in pod["metadata"]
        ]


def _has_ended(pod: Object) -> bool:
    return any("terminated" in s["lastState"] for s in pod["status"]["containerStatuses"])


def _log_of(pod: Object) -> str:
    """Return the log of the run that ended."""
    logs = Path(pod["metadata"]["annotations"][DIRECTORY]) / "logs"
    for status in pod["status"]["containerStatuses"]:
        if "terminated" in status["lastState"]:
            for name in (f"{status['name']}.previous.log", f"{status['name']}.log"):
                with contextlib.suppress(OSError):
                    return (logs / name).read_text(errors="replace")
    return ""
