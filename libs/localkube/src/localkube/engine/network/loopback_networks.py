"""Claim a 127.x.0.0/16 network: machine-wide, held by a process, and bounded for each user.

A claim is a listening socket with an abstract name, which the kernel removes with its last holder.
The name contains the network, and SO_PEERCRED of the socket tells the owner, so that nobody can
claim in another user's name. Claims of one user beyond the bound are void: others may claim these
networks.
"""

import os
import re
import secrets
import socket
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from localkube.errors import LocalkubeError

NETWORKS = range(10, 250)
LIMIT = 60
"""Networks of one user: a quarter of all."""
_TRIES = 8
_BACKLOG = 128
_TABLE = Path("/proc/net/unix")
_LISTENING = re.compile(
    r"^\w+: \w+ \w+ 00010000 0001 01 +\d+ @(localkube-127\.(\d+)-[0-9a-f]+)$", re.MULTILINE
)
_CREDENTIALS = struct.Struct("3i")


@dataclass(frozen=True, slots=True)
class Claim:
    """One claim; `owner` is None where its socket accepts no connection."""

    name: str
    network: int
    owner: int | None


def claim(preference: str) -> tuple[socket.socket, int]:
    """Claim a network: for one `preference` always the same, while it is free.

    Raises `LocalkubeError` where the user has reached the bound.
    """
    first = zlib.crc32(preference.encode())
    for _ in range(_TRIES):
        network = free(list(_claims()), first)
        holder, name = hold(network)
        valid = valid_claims(list(_claims()))
        if not any(one.network == network and one.name != name for one in valid):
            return holder, network
        # Another process claimed it at the same time, and retries as well.
        holder.close()
        first = secrets.randbelow(len(NETWORKS))
    raise LocalkubeError("no 127.x.0.0/16 is free; end a suite: ./localkube down --state DIR")


def free(claims: list[Claim], first: int) -> int:
    """Return the network to claim beside these claims: `first` or the next.

    Raises `LocalkubeError`.
    """
    mine = {one.network for one in claims if one.owner == os.geteuid()}
    if len(mine) >= LIMIT:
        raise LocalkubeError(
            f"you have claimed {len(mine)} of the 127.x.0.0/16, the limit is {LIMIT}; "
            "end a suite: ./localkube down --state DIR"
        )
    start = first % len(NETWORKS)
    order: list[int] = [*NETWORKS[start:], *NETWORKS[:start]]
    taken = {one.network for one in claims}
    valid = {one.network for one in valid_claims(claims)}
    # A network without any claim is better than one with a void claim.
    found = [n for n in order if n not in taken] or [n for n in order if n not in valid]
    if not found:
        raise LocalkubeError(
            "every 127.x.0.0/16 is taken; end a suite: ./localkube down --state DIR"
        )
    return found[0]


def valid_claims(claims: list[Claim]) -> list[Claim]:
    """Return the valid claims: of each user those on the lowest networks, up to the bound."""
    allowed = {
        owner: set(sorted({one.network for one in claims if one.owner == owner})[:LIMIT])
        for owner in {one.owner for one in claims}
    }
    return [one for one in claims if one.network in allowed[one.owner]]


def hold(network: int) -> tuple[socket.socket, str]:
    """Return a socket that claims a network, and its name."""
    name = f"localkube-127.{network}-{secrets.token_hex(8)}"
    holder = socket.socket(socket.AF_UNIX)
    holder.setblocking(False)  # noqa: FBT003  # the standard library's signature
    holder.bind(f"\0{name}")
    holder.listen(_BACKLOG)
    return holder, name


def _claims() -> Iterator[Claim]:
    table = _TABLE.read_text(encoding="utf-8", errors="replace") if _TABLE.exists() else ""
    for name, number in _LISTENING.findall(table):
        if int(number) in NETWORKS:
            yield Claim(name, int(number), _owner(name))


def _owner(name: str) -> int | None:
    """Return the user whose process listens on an abstract socket."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.setblocking(False)  # noqa: FBT003  # the standard library's signature
        try:
            sock.connect(f"\0{name}")
        except OSError:
            return None
        found = sock.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    return int(_CREDENTIALS.unpack(found)[1])
