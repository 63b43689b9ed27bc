"""The system's resolver, asked again before it would do so itself."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Future
from threading import Thread
from typing import TypeVar

from chassis.discovery.errors import LookupFailedError

T = TypeVar("T")

_TRIES = (0.3, 0.7, 1.0)
"""Seconds that each try has before the next one starts beside it; two in all."""
_MAX_THREADS = 32


class SystemResolver:
    """Return the IP addresses of a host name, none where it does not exist.

    A lost packet costs 0.3 s: the system's resolver alone would repeat its question after five
    (resolv.conf's `timeout`). It occupies a thread until then, one of its own: a silent name server
    must not take those that others work in. Nor hold up the end of the process, which a pool's
    threads would.
    """

    def __init__(self) -> None:
        self._asked: set[Future[Sequence[str]]] = set()

    async def __call__(self, host: str) -> Sequence[str]:
        """Ask for at most two seconds; raise `LookupFailedError` when nobody can say."""
        try:
            return await first_answer(lambda: self._ask(host), tries=_TRIES)
        except (TimeoutError, OSError, UnicodeError) as error:
            reason = str(error) or "no answer from the name server"
            raise LookupFailedError(f"{host}: {reason}") from error

    async def _ask(self, host: str) -> Sequence[str]:
        if len(self._asked) >= _MAX_THREADS:
            raise OSError(f"{_MAX_THREADS} look-ups have no answer yet")
        answer: Future[Sequence[str]] = Future()
        answer.set_running_or_notify_cancel()
        Thread(target=_answer, args=(answer, host), name="resolver", daemon=True).start()
        self._asked.add(answer)
        answer.add_done_callback(self._asked.discard)
        return await asyncio.wrap_future(answer)


def addresses(host: str) -> Sequence[str]:
    """Ask the system's resolver; raise `OSError` or `UnicodeError` when it can't say.

    Only for addresses that can be reached from here: a pod without IPv6 asks one question, not two.

    EAI_NODATA is no "no such name": glibc says so as well where the question for IPv4 failed and
    the one for IPv6 had no address for an answer.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_ADDRCONFIG)
    except socket.gaierror as error:
        if error.errno == socket.EAI_NONAME:
            return ()
        raise
    return tuple(dict.fromkeys(str(entry[4][0]) for entry in found))


def _answer(answer: Future[Sequence[str]], host: str) -> None:
    try:
        answer.set_result(addresses(host))
    except (OSError, UnicodeError) as error:
        answer.set_exception(error)


async def first_answer(ask: Callable[[], Awaitable[T]], *, tries: Sequence[float]) -> T:
    """Return what the first try to end says, or raise its error; `TimeoutError` when none ends.

    A further try starts beside those that are silent for their seconds.
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
            # The error of one that ended as well has been heard with this.
            _ = one.cancel() or one.exception()
