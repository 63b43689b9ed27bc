"""Limits on one load of the configuration: steps, text and CPU time."""

import time

from chassis.config.errors import ConfigError

MAX_DEPTH = 64
"""Levels of names, of lists, and of nested placeholders."""
_MAX_STEPS = 200_000
"""YAML nodes, values (again per alias), placeholders, bound keys: enough for 1 MiB of users."""
_MAX_TEXT = 4 * 1024 * 1024
"""Characters of all values, with aliases and placeholders expanded."""
CPU_S = 15.0
"""CPU seconds of the loading thread; waiting for a CPU does not count.

The steps end a load within 1.2 s of a processor of 2024. The limit leaves room for a slower one,
and for what else is charged to the thread: a garbage collection, a pause of the virtual machine.
`live.LOAD_S` is above it: a thread that computes ends by itself.
"""
_STEPS_PER_CHECK = 64


class Budget:
    """The remaining budget; the loading thread creates it."""

    def __init__(self) -> None:
        self._steps, self._text = _MAX_STEPS, _MAX_TEXT
        self._ends = time.thread_time() + CPU_S

    def spend(self, file: str, line: int | None = None, *, text: int = 0) -> None:
        """Count one step and `text` characters; raise `ConfigError` beyond a limit."""
        self._steps -= 1
        self._text -= text
        if self._steps < 0 or self._text < 0:
            reason = "is too large: nested aliases or placeholders?"
            raise ConfigError(reason, file=file, line=line, kind="parse")
        if self._steps % _STEPS_PER_CHECK == 0 and time.thread_time() > self._ends:
            reason = f"takes more than {CPU_S:g} s to read"
            raise ConfigError(reason, file=file, line=line, kind="timeout")
