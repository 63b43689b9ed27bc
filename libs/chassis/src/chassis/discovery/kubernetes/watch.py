"""One kind of object followed through the API server: listed once, then watched."""

import asyncio
import json
import random
import time
from typing import Generic, TypeVar

import structlog

from chassis.discovery.kubernetes.api import ApiServer, Session, refusal
from chassis.discovery.kubernetes.errors import ApiServerError, ExpiredError
from chassis.discovery.kubernetes.mirror import Grouped, Mirror
from chassis.discovery.kubernetes.objects import Document, Name, Resource, name_of, version_of

T = TypeVar("T", bound=Grouped)

VERBS = ("list", "watch")
"""What a watch asks of the API server, as RBAC names it."""

_PAGE = 100
_LIST_S = 60.0
# A connection that died in silence is found at the end of its watch. Starting a watch costs the
# server little: it goes on from the version known.
_WATCH_S = (30, 45)
_WATCH_MARGIN_S = 5.0
_PROGRESS_S = 1.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 10.0

_log = structlog.get_logger("chassis.discovery")


class Watch(Generic[T]):
    """Keep a mirror of a kind of objects, of one namespace or of all, as the server has them.

    What was known goes on to count while the server is away; `known` says whether it ever was.
    """

    def __init__(
        self, api: ApiServer, resource: Resource[T], namespace: str | None, mirror: Mirror[T]
    ) -> None:
        self.known = False
        self.trouble = "it has not answered yet"
        self._api = api
        self._resource = resource
        self._namespace = namespace
        self._path = resource.path(namespace)
        self._mirror = mirror
        self._version: str | None = None
        self._failures = 0

    async def run(self) -> None:
        """Follow until cancelled; a failure of any kind is followed by a pause and another try."""
        while True:
            try:
                async with self._api.session() as session:
                    await self._follow(session)
            except Exception as error:  # noqa: BLE001 - logged by its reason; the watch goes on
                self._failed(error)
            await asyncio.sleep(self._pause())

    async def _follow(self, session: Session) -> None:
        while True:
            if self._version is None:
                async with asyncio.timeout(_LIST_S):
                    await self._list(session)
            await self._watch(session, self._version)

    async def _list(self, session: Session) -> None:
        """Read all objects, a page at a time: a whole list would hold up the event loop."""
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
        self._mirror.replace(self._namespace, objects)
        self._version = version_of(page)
        self.known = True
        self._answered()

    async def _watch(self, session: Session, version: str | None) -> None:
        """Apply events until the server ends the watch; raise where it does so at once."""
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
            self._answered()
            told = False
            async for line in lines:
                self._apply(json.loads(line))
                self._failures, told = 0, True
        lasted = time.monotonic() - began
        if self._version == version and lasted < _PROGRESS_S:
            raise ApiServerError("it ended the watch at once")
        if not told and lasted >= seconds:
            # It should have ended with a bookmark. A server restored from a backup has not got as
            # far as this yet, and would tell nothing until it has, maybe for days.
            self._version = None
        self._failures = 0

    def _apply(self, event: Document) -> None:
        kind, document = event["type"], event["object"]
        if kind == "ERROR":
            raise refusal(document.get("code", 0), document.get("message", "no reason given"))
        if kind == "DELETED":
            self._mirror.put(name_of(document), None)
        elif kind != "BOOKMARK":
            self._mirror.put(name_of(document), self._resource.read(document))
        self._version = version_of(document)

    def _answered(self) -> None:
        if self.trouble:
            self._log(_log.info, "read from the API server", objects=len(self._mirror))
        self.trouble = ""

    def _failed(self, error: Exception) -> None:
        """Note a failure; the log has it once, until it is another or over."""
        self._failures += 1
        if isinstance(error, ExpiredError):
            self._version = None
        kind = "" if isinstance(error, ApiServerError) else type(error).__name__
        said = ": ".join(filter(None, (kind, str(error))))
        if said == self.trouble:
            return
        self.trouble = said
        serves = "what is known serves on" if self.known else "no name can be found"
        self._log(_log.warning, f"the API server fails, {serves}", reason=self.trouble)

    def _log(self, log: "structlog.typing.WrappedLogger", event: str, **more: object) -> None:
        of = self._namespace or "all namespaces"
        log(event, resource=self._resource.plural, of=of, server=self._api.url, **more)

    def _pause(self) -> float:
        """Return the seconds before the next try, spread so that not all pods ask at once."""
        longest = min(_FIRST_PAUSE * 2.0 ** min(self._failures - 1, 10), _LONGEST_PAUSE)
        return longest * random.uniform(0.5, 1.0)  # noqa: S311 - spreading needs no secrecy
