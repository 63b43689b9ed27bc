"""A small API server over real HTTPS: objects with versions, paged lists and watches.

It implements only what a client of list and watch can see. On demand it fails like a real one:
it expires old versions, drops connections, is slow or unreachable, or refuses requests.
"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from certificates import self_signed
from eventually import PATIENCE_S

HOST = "127.0.0.1"
TOKEN = "a-token-of-the-service-account"

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: the parts of its path, its query and its token."""

    group: str
    resource: str
    namespace: str | None
    query: dict[str, str]
    token: str

    @property
    def verb(self) -> str:
        """Return the RBAC verb of the request."""
        return "watch" if "watch" in self.query else "list"


@dataclass
class KubeApi:
    """The server and its state. `mount` is the directory that the kubelet mounts."""

    mount: Path
    port: int = 0
    version: int = 100
    oldest: int = 0
    tokens: set[str] = field(default_factory=lambda: {TOKEN})
    forbidden: set[tuple[str, str | None]] = field(default_factory=set)
    may_answer: asyncio.Event = field(default_factory=asyncio.Event)
    asked: list[Asked] = field(default_factory=list)
    watches: int = 0
    impatient: bool = False
    """End each watch as soon as it is opened."""
    forgets_pages: int = 0
    """How often the next page of a list has expired."""

    def __post_init__(self) -> None:
        self.may_answer.set()
        self._objects: dict[tuple[str, str, str], Document] = {}
        self._events: list[tuple[int, str, str, Document]] = []
        self._changed = asyncio.Condition()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None
        self._ending = 0
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(self_signed(self.mount / "ca.crt", HOST))
        self.rotate(TOKEN)

    @property
    def environ(self) -> dict[str, str]:
        """Return the environment variables of every pod for the server."""
        return {"KUBERNETES_SERVICE_HOST": HOST, "KUBERNETES_SERVICE_PORT": str(self.port)}

    def rotate(self, token: str) -> None:
        """Accept only this token from now on, and mount it as the kubelet does."""
        self.tokens = {token}
        (self.mount / "new").write_text(token)
        (self.mount / "new").rename(self.mount / "token")

    async def start(self) -> None:
        """Listen, on the previous port if there was one."""
        self._server = await asyncio.start_server(self._serve, HOST, self.port, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Stop listening, and reset every connection."""
        if self._server is not None:
            self._server.close()
        self.may_answer.set()
        await self.drop()

    async def drop(self) -> None:
        """Reset every connection, and wait until all are closed."""
        for writer in self._writers:
            writer.transport.abort()
        await self._notify()
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: not self._writers)

    async def put(self, resource: str, document: Document) -> None:
        """Create or change an object."""
        await self._change(resource, document, "MODIFIED")

    async def delete(self, resource: str, document: Document) -> None:
        """Delete an object."""
        await self._change(resource, document, "DELETED")

    async def touch(self, *, forget: bool = False) -> None:
        """Advance the version without changing watched objects; `forget` expires earlier ones."""
        self.version += 10
        if forget:
            self.oldest = self.version

    def restore(self) -> None:
        """Continue as after a restore from a backup, below the versions that clients know."""
        self.version = 10
        self._events.clear()

    async def bookmark(self, resource: str) -> None:
        """Send watches of this kind a bookmark."""
        await self._record(resource, "BOOKMARK", {"metadata": {}})

    async def end_watches(self) -> None:
        """End every watch as the server does after its timeout."""
        self._ending += 1
        await self._notify()

    async def expire_watches(self, resource: str) -> None:
        """Send watches an event that their version has expired."""
        status = {"code": 410, "message": "too old resource version", "metadata": {}}
        await self._record(resource, "ERROR", status)

    async def watched(self, count: int) -> None:
        """Wait until this many watches are open. Raises `TimeoutError`."""
        async with asyncio.timeout(PATIENCE_S), self._changed:
            await self._changed.wait_for(lambda: self.watches == count)

    def lists(self, resource: str) -> int:
        """Return the number of started lists of a kind."""
        return sum(
            a.verb == "list" and a.resource == resource and "continue" not in a.query
            for a in self.asked
        )

    async def _change(self, resource: str, document: Document, kind: str) -> None:
        metadata = document["metadata"]
        key = (resource, metadata["namespace"], metadata["name"])
        if kind == "DELETED":
            del self._objects[key]
        elif key not in self._objects:
            kind = "ADDED"
        stored = await self._record(resource, kind, document)
        if kind != "DELETED":
            self._objects[key] = stored

    async def _record(self, resource: str, kind: str, document: Document) -> Document:
        self.version += 1
        metadata = {**document["metadata"], "resourceVersion": str(self.version)}
        event = {**document, "metadata": metadata}
        self._events.append((self.version, resource, kind, event))
        await self._notify()
        return event

    async def _notify(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                await self.may_answer.wait()
                await self._answer(_asked(head.decode()), writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self._writers.discard(writer)
            writer.transport.abort()
            await self._notify()

    async def _answer(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        self.asked.append(asked)
        if asked.token not in self.tokens:
            await _send(writer, 401, _status(401, "Unauthorized"))
        elif (asked.resource, asked.namespace) in self.forbidden:
            what = f'{asked.resource} is forbidden: cannot {asked.verb} resource "{asked.resource}"'
            await _send(writer, 403, _status(403, what))
        elif asked.verb == "list":
            await _send(writer, *self._page(asked))
        elif int(asked.query["resourceVersion"]) < self.oldest:
            await _send(writer, 410, _status(410, "too old resource version"))
        else:
            await self._watch(asked, writer)

    def _page(self, asked: Asked) -> tuple[int, Document]:
        """Return one page, and the continue token of the next."""
        version, begin = asked.query.get("continue", f"{self.version}/0").split("/")
        if "continue" in asked.query and self.forgets_pages:
            self.forgets_pages -= 1
            return 410, _status(410, "the provided continue parameter is too old")
        found = [document for key, document in self._objects.items() if _is_asked(asked, key)]
        end = int(begin) + int(asked.query["limit"])
        metadata = {"resourceVersion": version}
        if end < len(found):
            metadata["continue"] = f"{version}/{end}"
        return 200, {"metadata": metadata, "items": found[int(begin) : end]}

    async def _watch(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        ending, seen = self._ending, int(asked.query["resourceVersion"])
        await self._opened(1)
        try:
            while not self.impatient and ending == self._ending and not writer.is_closing():
                for event in self._events_since(asked, seen):
                    writer.write(_chunk(event))
                seen = max(seen, self.version)
                await writer.drain()
                async with self._changed:
                    await self._changed.wait_for(self._news(writer, seen, ending))
            if not self.impatient and self.version >= seen:
                writer.write(_chunk(_bookmark(seen)))
            writer.write(b"0\r\n\r\n")
        finally:
            await self._opened(-1)

    def _news(self, writer: asyncio.StreamWriter, seen: int, ending: int) -> Callable[[], bool]:
        return lambda: writer.is_closing() or self._ending != ending or self._last_event() > seen

    def _last_event(self) -> int:
        return self._events[-1][0] if self._events else 0

    async def _opened(self, count: int) -> None:
        self.watches += count
        await self._notify()

    def _events_since(self, asked: Asked, seen: int) -> Iterator[Document]:
        for version, resource, kind, document in self._events:
            namespace = document["metadata"].get("namespace", asked.namespace)
            if version > seen and _is_asked(asked, (resource, namespace or "", "")):
                yield {"type": kind, "object": document}


def _is_asked(asked: Asked, key: tuple[str, str, str]) -> bool:
    return key[0] == asked.resource and asked.namespace in (None, key[1])


def _asked(head: str) -> Asked:
    request, *lines = head.splitlines()
    url = urlsplit(request.split()[1])
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    _, root, *way = url.path.split("/")
    group = way.pop(0) if root == "apis" else ""
    namespace = way[2] if "namespaces" in way else None
    token = headers["authorization"].removeprefix("Bearer ")
    return Asked(group, way[-1], namespace, dict(parse_qsl(url.query)), token)


def _status(code: int, message: str) -> Document:
    return {"kind": "Status", "code": code, "message": message, "metadata": {}}


async def _send(writer: asyncio.StreamWriter, status: int, body: Document) -> None:
    data = json.dumps(body).encode()
    writer.write(b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%b" % (status, len(data), data))
    await writer.drain()


def _bookmark(version: int) -> Document:
    return {"type": "BOOKMARK", "object": {"metadata": {"resourceVersion": str(version)}}}


def _chunk(event: Document) -> bytes:
    data = json.dumps(event, ensure_ascii=False).encode() + b"\n"
    return b"%x\r\n%b\r\n" % (len(data), data)


@asynccontextmanager
async def kube_api(mount: Path, *, started: bool = True) -> AsyncIterator[KubeApi]:
    """Run an API server whose mount is written to `mount`."""
    api = KubeApi(mount)
    if started:
        await api.start()
    try:
        yield api
    finally:
        await api.stop()
