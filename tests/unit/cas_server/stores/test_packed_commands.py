"""Commands are packed in C, into the bytes that redis-py sends."""

from typing import Any

import pytest
from redis._parsers import Encoder
from redis.asyncio import Connection

from cas_server.stores.discovered_connection import DiscoveredConnection
from chassis.discovery import Address


class Nowhere:
    async def resolve(self, name: str, port: int) -> Address:
        return Address(name, port)

    def report_failure(self, address: Address) -> None:
        del address


@pytest.mark.parametrize(
    "command",
    [
        ("PING",),
        ("CONFIG GET", "maxmemory"),
        ("EVAL", "return KEYS", 2, b"t:\x00\xff", "g:t:app", 10_000, 0.5, b"", "é"),
        ("SET", b"t:" + bytes(32), b"x" * 20_000, "EX", 60),
    ],
)
def test_the_bytes_are_those_of_redis_py_whose_encoder_is_not_asked(
    command: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = DiscoveredConnection(discovery=Nowhere(), host="redis", port=6379)
    expected = b"".join(Connection().pack_command(*command))
    encoded: list[object] = []
    monkeypatch.setattr(Encoder, "encode", lambda _, value: encoded.append(value))

    assert connection.pack_command(*command) == [expected]
    assert encoded == []
