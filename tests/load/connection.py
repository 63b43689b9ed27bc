"""A keep-alive connection from a given address, with the minimum of HTTP that the load needs."""

import asyncio
import base64
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self
from urllib.parse import urlencode, urlsplit

TIMEOUT_S = 20.0


def basic(name: str, secret: str) -> str:
    """Return the Authorization header of a client."""
    return "Basic " + base64.b64encode(f"{name}:{secret}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Form:
    """A POST request with a form."""

    path: str
    authorization: str
    fields: dict[str, str]

    def encode(self) -> bytes:
        """Return the bytes of the request."""
        body = urlencode(self.fields).encode()
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: cas-server\r\n"
            f"Authorization: {self.authorization}\r\n"
            "Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@dataclass(slots=True)
class Connection:
    """One connection at a time to one replica. It is reopened after the server closed it."""

    url: str
    source: str
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None)

    async def post(self, form: Form) -> tuple[int, bytes]:
        """Return status and body. Raises `OSError`, or `TimeoutError` after `TIMEOUT_S`."""
        async with asyncio.timeout(TIMEOUT_S):
            try:
                return await self._exchange(form.encode())
            except BaseException:
                self.close()
                raise

    def close(self) -> None:
        """Close the connection."""
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def _exchange(self, request: bytes) -> tuple[int, bytes]:
        if self._streams is None:
            place = urlsplit(self.url)
            self._streams = await asyncio.open_connection(
                place.hostname, place.port, local_addr=(self.source, 0)
            )
        reader, writer = self._streams
        writer.write(request)
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            _, _, rest = head.partition(b"content-length:")
            body = await reader.readexactly(int(rest.split(b"\r\n", 1)[0]))
        except asyncio.IncompleteReadError as error:
            raise ConnectionError("the server closed the connection") from error
        if b"connection: close" in head:
            self.close()
        return int(head.split(b" ", 2)[1]), body

    def __enter__(self) -> Self:
        """Return the connection, which opens with the first request."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close the connection."""
        self.close()
