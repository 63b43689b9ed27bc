"""Standard output as a pipe whose reader may leave, as `| head` does."""

import asyncio
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager


async def reader_gone() -> None:
    """Return when the reader has left; a pipe reports that to who waits for reading."""
    gone, loop, output = asyncio.Event(), asyncio.get_running_loop(), _pipe()
    if output is not None:
        loop.add_reader(output, gone.set)
    try:
        await gone.wait()
    finally:
        if output is not None:
            loop.remove_reader(output)


def discard_output() -> None:
    """Send what follows nowhere: what is still buffered has no reader."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextmanager
def cancelled_without_reader() -> Iterator[None]:
    """Cancel the task in the block when the reader leaves, as Ctrl-C does."""
    task = asyncio.current_task()
    watching = asyncio.create_task(reader_gone())

    def end(watched: asyncio.Task[None]) -> None:
        if task is not None and not watched.cancelled():
            discard_output()
            task.cancel()

    watching.add_done_callback(end)
    try:
        yield
    finally:
        watching.remove_done_callback(end)
        watching.cancel()


def _pipe() -> int | None:
    """Return the descriptor of standard output where it is a pipe."""
    try:
        output = sys.stdout.fileno()
    except OSError:  # a caller's own stream
        return None
    return output if stat.S_ISFIFO(os.fstat(output).st_mode) else None
