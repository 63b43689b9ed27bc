"""What one load of the configuration may take: steps, text and time, whatever is mounted."""

import time

from chassis.config.errors import ConfigError

MAX_DEPTH = 64
"""Levels of names, of lists, and of placeholders that lead to placeholders."""
_MAX_STEPS = 200_000
"""YAML nodes, values (those of aliases again), placeholders, bound keys: 1 MiB of users fits."""
_MAX_TEXT = 4 * 1024 * 1024
"""Characters of all values, aliases and placeholders expanded."""
_CPU_S = 5.0
"""Seconds this thread may compute. A replica that only waits for its CPU loses nothing."""
_STEPS_A_LOOK = 64


class Budget:
    """What is left; made by the thread that loads."""

    def __init__(self) -> None:
        self._steps, self._text = _MAX_STEPS, _MAX_TEXT
        self._ends = time.thread_time() + _CPU_S

    def spend(self, file: str, line: int | None = None, *, text: int = 0) -> None:
        """Take one step, over so many characters; raise `ConfigError` where that is too much."""
        self._steps -= 1
        self._text -= text
        if self._steps < 0 or self._text < 0:
            reason = "holds too much: aliases of aliases, or placeholders of placeholders?"
            raise ConfigError(reason, file=file, line=line, kind="parse")
        if self._steps % _STEPS_A_LOOK == 0 and time.thread_time() > self._ends:
            reason = f"takes more than {_CPU_S:g} s to read"
            raise ConfigError(reason, file=file, line=line, kind="timeout")
