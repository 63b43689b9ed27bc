"""Watches: the changes of the objects that a reader asks for, as they happen.

All watches read one bounded history, each at its own place. So a slow reader costs no memory: when
the history no longer has its place, its watch ends as `Expired`, as in Kubernetes.
"""

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Callable, Sequence

from localkube.api.kinds import kind_named
from localkube.api.objects import Object, selects
from localkube.engine.store import Change, Store
from localkube.errors import LocalkubeError

HISTORY = 1000
"""Changes that are remembered; a watch resumes after any of them."""
WATCHES = 100
"""Open watches; more are refused."""

_Matches = Callable[[Object | None], bool]


class Watches:
    """Serves watches of a store, which begin with what exists or after a resourceVersion."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._history: deque[Change] = deque(maxlen=HISTORY)
        self._changed = asyncio.Event()
        self._open, self._closed = 0, False
        store.observe(self._on_change)

    def close(self) -> None:
        """End every watch with an error: the cluster is going down."""
        self._closed = True
        self._wake()

    async def watch(
        self,
        kinds: Sequence[str],
        namespace: str | None = None,
        names: Sequence[str] = (),
        selector: dict[str, str] | None = None,
        version: int | None = None,
    ) -> AsyncGenerator[Object, None]:
        """Yield ADDED, MODIFIED and DELETED with an object, until the reader leaves.

        Without `version` the objects that exist come first, as ADDED. A BOOKMARK has the
        resourceVersion up to which the reader has seen everything. Raises `LocalkubeError`.
        """
        matches = _matcher(kinds, namespace, names, selector or {})
        if self._open >= WATCHES:
            raise LocalkubeError(f"there are {WATCHES} watches already; end one of them first")
        self._open += 1
        try:
            if version is None:
                version = self._store.version
                for found in self._existing(kinds, matches):
                    yield {"type": "ADDED", "object": found}
            yield _bookmark(version)
            async for change in self._after(version):
                if event := _event(change, matches):
                    yield event
        finally:
            self._open -= 1

    async def _after(self, version: int) -> AsyncGenerator[Change, None]:
        """Yield the changes after a version, those of the history and then new ones."""
        while True:
            changed = self._changed
            for change in self._since(version):
                version = change.version
                yield change
            if version == self._store.version:
                if self._closed:
                    raise LocalkubeError("localkube is going down")
                await changed.wait()

    def _since(self, version: int) -> list[Change]:
        """Return the changes after a version; raise `LocalkubeError` where some are forgotten."""
        oldest = self._store.version - len(self._history)
        if not oldest <= version <= self._store.version:
            raise LocalkubeError(f"too old resource version: {version} ({oldest})")
        return [self._history[index] for index in range(version - self._store.version, 0)]

    def _existing(self, kinds: Sequence[str], matches: _Matches) -> list[Object]:
        documents = (d for kind in kinds for d in self._store.list(kind_named(kind).name))
        return [document for document in documents if matches(document)]

    def _on_change(self, change: Change) -> None:
        self._history.append(change)
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _matcher(
    kinds: Sequence[str], namespace: str | None, names: Sequence[str], selector: dict[str, str]
) -> _Matches:
    wanted = {found.name: found.namespaced for found in map(kind_named, kinds)}

    def matches(document: Object | None) -> bool:
        if document is None or document["kind"] not in wanted:
            return False
        metadata = document["metadata"]
        place = None if not wanted[document["kind"]] else namespace
        return (
            place in {None, metadata.get("namespace")}
            and (not names or metadata["name"] in names)
            and selects(selector, document)
        )

    return matches


def _event(change: Change, matches: _Matches) -> Object | None:
    """Return a change as a reader sees it: an object that leaves its selector is deleted."""
    before, after = matches(change.before), matches(change.after)
    if after:
        return {"type": "MODIFIED" if before else "ADDED", "object": change.after}
    if not before or change.before is None:
        return None
    # As in Kubernetes: the last state, with the version of the deletion.
    last = change.after or change.before
    metadata = {**last["metadata"], "resourceVersion": str(change.version)}
    return {"type": "DELETED", "object": {**last, "metadata": metadata}}


def _bookmark(version: int) -> Object:
    return {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(version)}}}
