"""The log of one container, as `logs` prints it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from localkube.logs.log_file import LogFile
from localkube.terminal import print_result


@dataclass(slots=True)
class Stream:
    """The log of one container; `prefix` begins each of its lines."""

    pod: Any
    container: str
    log: LogFile
    prefix: str = ""

    def show(self, lines: Sequence[str]) -> None:
        """Print lines."""
        if lines:
            print_result("\n".join(f"{self.prefix}{line}" for line in lines))
