"""The state directory: who owns it, and what lies where in it."""

import fcntl
import hashlib
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from localkube.errors import LocalkubeError

SOCKET = "control.sock"
"""The control socket's name; relative, because a socket's path has a limit."""


@dataclass(frozen=True, slots=True)
class State:
    """A state directory; only its owner can read it."""

    directory: Path

    @property
    def log(self) -> Path:
        """Return localkube's own log."""
        return self.directory / "localkube.log"

    def create(self) -> None:
        """Make the directory; raise `LocalkubeError`."""
        try:
            self.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            (self.directory / "lock").touch(mode=0o600)
        except OSError as error:
            reason = f"state directory {self.directory}: {error.strerror}"
            raise LocalkubeError(f"{reason}; name another with --state") from None

    def lock(self) -> int | None:
        """Take the directory; return the descriptor that holds it, or None where it is taken."""
        descriptor = os.open(self.directory / "lock", os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def wait_until_free(self, seconds: float) -> bool:
        """Say whether nobody owns the directory within a time."""
        deadline = time.monotonic() + seconds
        while (descriptor := self.lock()) is None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        os.close(descriptor)
        return True


def state_of(option: str | None) -> State:
    """Return the state of `--state`, else of LOCALKUBE_STATE, else of user and checkout."""
    chosen = option or os.environ.get("LOCALKUBE_STATE")
    return State(Path(chosen).absolute() if chosen else _default_directory())


def _default_directory() -> Path:
    # The checkout is the one whose virtual environment runs this.
    checkout = Path(sys.prefix).resolve().parent
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    digest = hashlib.sha256(str(checkout).encode()).hexdigest()[:8]
    return Path(base) / "localkube" / f"{checkout.name}-{digest}"
