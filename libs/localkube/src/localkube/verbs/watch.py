"""`watch`: print what `up --watch` reloads, as it happens."""

import argparse
import contextlib
import os
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from pathlib import Path

from localkube.control.client import Client
from localkube.control.state_directory import RELOAD_LOG, State
from localkube.control.watch import Watch, WatchEndedError
from localkube.errors import LocalkubeError
from localkube.terminal import print_result

PERIOD_S = 0.1
_RARE = ("Namespace",)
"""Objects that change rarely: of the engine, only its end matters here."""
HELD = 20
"""Earlier lines that are shown, and lines that wait for the prompt."""


def watch(options: argparse.Namespace, client: Client) -> int:
    """Print the last reloads and then each one, until localkube ends."""
    log = client.state.directory / RELOAD_LOG
    with client.watch(_RARE) as engine:
        if not log.exists():
            reason = "no sources are watched; start it with: ./localkube up DIR --watch"
            raise LocalkubeError(reason)
        if options.at_prompt:
            with contextlib.suppress(OSError):  # the terminal is gone
                _print_at_prompt(_lines(engine, log, shown=0))
            return 0
        for lines in _lines(engine, log, shown=HELD):
            if lines:
                print_result("\n".join(lines))
    return 0


def watch_at_prompt(state: State) -> None:
    """Have reloads printed in this process's terminal, if it has one, after its end."""
    try:
        os.tcgetpgrp(2)
    except OSError:
        return
    words = ["--state", str(state.directory), "watch", "--at-prompt"]
    # It stays in the terminal's session, and ends with the terminal or with localkube.
    subprocess.Popen(  # noqa: S603  # our own module
        [sys.executable, "-m", "localkube", *words],
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,
        stderr=subprocess.DEVNULL,
    )


def _print_at_prompt(batches: Iterable[list[str]]) -> None:
    """Print while the shell waits for a command, so that no line gets into an editor's screen.

    Raises `OSError` once the terminal is gone.
    """
    shell, held = os.getsid(0), deque[str](maxlen=HELD)
    for lines in batches:
        held.extend(lines)
        if os.tcgetpgrp(1) == shell:
            while held:
                os.write(1, f"\r\033[K{held.popleft()}\n".encode())


def _lines(engine: Watch, log: Path, *, shown: int) -> Iterator[list[str]]:
    """Yield the last lines, then new ones, an empty list each period without any."""
    with log.open(encoding="utf-8") as file:
        earlier = file.read().splitlines()
        yield earlier[len(earlier) - min(shown, len(earlier)) :]
        rest = ""
        is_running = True
        while is_running:
            try:
                engine.arrived(PERIOD_S)
            except WatchEndedError:
                is_running = False
            *lines, rest = (rest + file.read()).split("\n")
            yield lines
