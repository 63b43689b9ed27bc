"""One kind of object, listed once and then watched (client-go calls this a reflector)."""

import asyncio
import json
import random
import time
from typing import Generic, TypeVar

import structlog

from chassis.discovery.kubernetes.api import (
    ApiServer,
    ApiServerError,
    ExpiredError,
    Session,
    refusal,
)
from chassis.discovery.kubernetes.indexer import Grouped, Indexer
from chassis.discovery.kubernetes.objects import Document, Name, Resource, name_of, version_of

T = TypeVar("T", bound=Grouped)

VERBS = ("list", "watch")
"""The verbs that RBAC must allow."""

_PAGE = 100
_LIST_S = 60.0
# A dead connection is detected at the end of its watch. Starting a watch costs the server little:
# it resumes at the last resource version.
_WATCH_S = (30, 45)
_WATCH_MARGIN_S = 5.0
_PROGRESS_S = 1.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0

_log = structlog.get_logger("chassis.discovery")


class Reflector(Generic[T]):
    """Keep a store of one kind of object in sync with the server, in one namespace or in all.

    The store stays valid while the server is unavailable; the first list sets `has_synced`.
    """

    def __init__(
        self, api: ApiServer, resource: Resource[T], namespace: str | None, store: Indexer[T]
    ) -> None:
        self.has_synced = False
        self.trouble = "it has not responded yet"
        self._api = api
        self._resource = resource
        self._namespace = namespace
        self._path = resource.path(namespace)
        self._store = store
        self._version: str | None = None
        self._failures = 0

    async def run(self) -> None:
        """List and watch until cancelled; retry after any failure, with a back-off."""
        while True:
            try:
                async with self._api.session() as session:
                    await self._follow(session)
            except Exception as error:  # noqa: BLE001 - logged; the loop retries
                self._failed(error)
            await asyncio.sleep(self._pause())

    async def _follow(self, session: Session) -> None:
        while True:
            if self._version is None:
                async with asyncio.timeout(_LIST_S):
                    await self._list(session)
            await self._watch(session, self._version)

    async def _list(self, session: Session) -> None:
        """List all objects by page: parsing one whole list would block the event loop."""
        objects: dict[Name, T] = {}
        query: dict[str, str | int] = {"limit": _PAGE}
        while True:
            page = await session.get(self._path, query)
            for document in page["items"] or ():
                if (value := self._resource.read(document)) is not None:
                    objects[name_of(document)] = value
            if not (more := page["metadata"].get("continue")):
                break
            query["continue"] = more
        self._store.replace(self._namespace, objects)
        self._version = version_of(page)
        self.has_synced = True
        self._succeeded()

    async def _watch(self, session: Session, version: str | None) -> None:
        """Apply events until the server ends the watch; raise if it does so at once."""
        seconds, began = random.randint(*_WATCH_S), time.monotonic()  # noqa: S311 - no secret
        query: dict[str, str | int] = {
            "watch": 1,
            "allowWatchBookmarks": "true",
            "resourceVersion": version or "",
            "timeoutSeconds": seconds,
        }
        async with (
            asyncio.timeout(seconds + _WATCH_MARGIN_S),
            session.lines(self._path, query) as lines,
        ):
            self._succeeded()
            has_events = False
            async for line in lines:
                self._apply(json.loads(line))
                self._failures, has_events = 0, True
        lasted = time.monotonic() - began
        if self._version == version and lasted < _PROGRESS_S:
            raise ApiServerError("it ended the watch at once")
        if not has_events and lasted >= seconds:
            # A watch should end with a bookmark. A server restored from a backup is behind this
            # resource version and sends no events until it has caught up, maybe for days.
            self._version = None
        self._failures = 0

    def _apply(self, event: Document) -> None:
        kind, document = event["type"], event["object"]
        if kind == "ERROR":
            raise refusal(document.get("code", 0), document.get("message", "no reason given"))
        if kind == "DELETED":
            self._store.put(name_of(document), None)
        elif kind != "BOOKMARK":
            self._store.put(name_of(document), self._resource.read(document))
        self._version = version_of(document)

    def _succeeded(self) -> None:
        if self.trouble:
            self._log(_log.info, "read from the API server", objects=len(self._store))
        self.trouble = ""

    def _failed(self, error: Exception) -> None:
        """Record a failure, and log it once until the reason changes."""
        self._failures += 1
        if isinstance(error, ExpiredError):
            self._version = None
        kind = "" if isinstance(error, ApiServerError) else type(error).__name__
        reason = ": ".join(filter(None, (kind, str(error))))
        if reason == self.trouble:
            return
        self.trouble = reason
        effect = "using the last known state" if self.has_synced else "no name can be resolved"
        self._log(_log.warning, f"API server unavailable, {effect}", reason=self.trouble)

    def _log(self, log: "structlog.typing.WrappedLogger", event: str, **more: object) -> None:
        of = self._namespace or "all namespaces"
        log(event, resource=self._resource.plural, of=of, server=self._api.url, **more)

    def _pause(self) -> float:
        """Return the seconds before the next try, jittered so that pods do not retry together."""
        longest = min(_FIRST_PAUSE * 2.0 ** min(self._failures - 1, 10), _LONGEST_PAUSE)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreading needs no secrecy
