"""Request framing: raw sockets against a service process, compared with a model."""

import asyncio
import contextlib
import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import pytest

from eventually import PATIENCE_S
from fuzz.conftest import Rounds
from fuzz.request_streams import MOST, Expected, Stream, mutated, stream
from integration.chassis_server.service_process import ServiceProcess, sample_service

pytestmark = pytest.mark.anyio

_AT_ONCE = 8
_STATUS = re.compile(rb"HTTP/1\.1 ([1-5]\d\d) ")
_EXPECTED_5XX = frozenset((501, 503))


@dataclass(frozen=True, slots=True)
class Response:
    status: int
    closes: bool
    body: bytes


@pytest.fixture(scope="module")
def service() -> Iterator[ServiceProcess]:
    limits = (f"--server.max-body-size={MOST}", "--server.max-connection-age=1h")
    with sample_service(*limits, "--logging.level.chassis.access=OFF") as running:
        yield running


async def test_every_request_gets_exactly_one_response(
    service: ServiceProcess, rounds: Rounds
) -> None:
    """A round is one connection, half of them with changed bytes. Several run concurrently."""
    iterator = iter(rounds)
    while batch := list(islice(iterator, _AT_ONCE)):
        await asyncio.gather(*(_one(service, rng) for rng in batch))


async def _one(service: ServiceProcess, rng: random.Random) -> None:
    made = stream(rng)
    if rng.random() < 0.5:
        await _matches_the_model(service, made)
    else:
        await _no_internal_error(service, mutated(rng, made))


async def _matches_the_model(service: ServiceProcess, made: Stream) -> None:
    got = await _exchange(service, made)
    assert _fits(got, made.expected), (made, got)


async def _no_internal_error(service: ServiceProcess, data: bytes) -> None:
    for status in await _statuses(service, data):
        assert status < 500 or status in _EXPECTED_5XX, (data, status)


def _fits(got: Sequence[Response], expected: Sequence[Expected]) -> bool:
    """Return whether the responses match the model. A response that may close can be the last."""
    if not got or not all(map(_is, got, expected)):
        return False
    ends_early = expected[len(got) - 1].end is None and got[-1].closes
    return len(got) == len(expected) or (len(got) < len(expected) and ends_early)


def _is(got: Response, expected: Expected) -> bool:
    return (
        got.status == expected.status
        and (expected.body is None or got.body == expected.body)
        and (expected.end is None or got.closes is expected.end)
    )


async def _exchange(service: ServiceProcess, made: Stream) -> list[Response]:
    """Send a stream packet by packet while reading; return the responses until the end."""
    heads = [each.body == b"" for each in made.expected]
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(*service.api)
        sending = asyncio.create_task(_send(writer, made))
        got: list[Response] = []
        try:
            while (found := await _response(reader, is_head=heads[len(got)])) is not None:
                got.append(found)
                if len(got) == len(heads):
                    assert await reader.read() == b"", (made, got)
                    break
        except ConnectionError:
            pass  # caused by bytes sent after the close
        finally:
            sending.cancel()
            writer.transport.abort()
        return got


async def _send(writer: asyncio.StreamWriter, made: Stream) -> None:
    begin = 0
    with contextlib.suppress(ConnectionError):
        for cut in (*made.cuts, len(made.data)):
            writer.write(made.data[begin:cut])
            await writer.drain()
            await asyncio.sleep(0)
            begin = cut


async def _response(reader: asyncio.StreamReader, *, is_head: bool) -> Response | None:
    status = 100
    while status == 100:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as error:
            if error.partial:
                raise
            return None
        lines = head.lower().split(b"\r\n")
        status = int(lines[0].split()[1])
    length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
    body = b"" if is_head else await reader.readexactly(length)
    return Response(status, b"connection: close" in lines, body)


async def _statuses(service: ServiceProcess, data: bytes) -> list[int]:
    """Send bytes and EOF; return the statuses of the responses."""
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection(*service.api)
        try:
            writer.write(data)
            writer.write_eof()
            return [int(status) for status in _STATUS.findall(await reader.read())]
        except ConnectionError:
            return []
        finally:
            writer.transport.abort()
