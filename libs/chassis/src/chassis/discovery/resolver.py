"""The system's resolver, with earlier retries than its own."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

from chassis.discovery.errors import LookupFailedError

T = TypeVar("T")

_TRIES = (0.3, 0.7, 1.0)
"""Seconds before each next query starts in parallel; two in all."""
_MAX_THREADS = 32


class SystemResolver:
    """Return the IP addresses of a host name, empty if it does not exist.

    A lost packet costs 0.3 s; the system's resolver alone would retry after 5 s (resolv.conf's
    `timeout`). Each query has a thread of its own: an unresponsive name server must not exhaust a
    shared thread pool, nor delay the end of the process, as a pool's threads would.
    """

    def __init__(self) -> None:
        self._pending: set[Future[Sequence[str]]] = set()

    async def __call__(self, host: str) -> Sequence[str]:
        """Query for at most two seconds; raise `LookupFailedError` if no query succeeds."""
        try:
            return await first_result(lambda: self._ask(host), tries=_TRIES)
        except (TimeoutError, OSError, UnicodeError) as error:
            reason = str(error) or "no response from the name server"
            raise LookupFailedError(f"{host}: {reason}") from error

    async def _ask(self, host: str) -> Sequence[str]:
        if len(self._pending) >= _MAX_THREADS:
            raise OSError(f"{_MAX_THREADS} look-ups are pending")
        result: Future[Sequence[str]] = Future()
        result.set_running_or_notify_cancel()
        Thread(target=_look_up, args=(result, host), name="resolver", daemon=True).start()
        self._pending.add(result)
        result.add_done_callback(self._pending.discard)
        return await asyncio.wrap_future(result)


def addresses(host: str) -> Sequence[str]:
    """Query the system's resolver; raise `OSError` or `UnicodeError` if it fails.

    Only for address families that this host has: a pod without IPv6 sends one query, not two.

    EAI_NODATA does not mean NXDOMAIN: glibc also returns it if the query for IPv4 failed and the
    one for IPv6 found no address.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    except socket.gaierror as error:
        if error.errno == socket.EAI_NONAME:
            return ()
        raise
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _look_up(result: Future[Sequence[str]], host: str) -> None:
    try:
        result.set_result(addresses(host))
    except (OSError, UnicodeError) as error:
        result.set_exception(error)


async def first_result(ask: Callable[[], Awaitable[T]], *, tries: Sequence[float]) -> T:
    """Return the result of the first call to finish, or raise its error or `TimeoutError`.

    `tries` are the seconds after which a further call starts in parallel.
    """
    asked: set[asyncio.Future[T]] = set()
    try:
        for seconds in tries:
            asked.add(asyncio.ensure_future(ask()))
            ended, _ = await asyncio.wait(
                asked, timeout=seconds, return_when=asyncio.FIRST_COMPLETED
            )
            if ended:
                return await ended.pop()
        raise TimeoutError
    finally:
        for one in asked:
            # Retrieve the error of a call that finished too, so that asyncio does not log it.
            _ = one.cancel() or one.exception()
