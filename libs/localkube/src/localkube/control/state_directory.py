"""The state directory: its owner, its lock and its files."""

import errno
import fcntl
import hashlib
import os
import stat
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from localkube.errors import LocalkubeError

SOCKET = "control.sock"
"""The control socket's name, relative because the length of a socket's path is limited."""
LONGEST_REQUEST = 16 * 1024 * 1024
"""Bytes of a request over the control socket."""
RELOAD_LOG = "reload.log"
"""Where the engine writes what it reloaded, for `watch` to print."""
TOO_LONG = f"the request exceeds {LONGEST_REQUEST:,} bytes; apply in parts"
_LOCK, _LOG = "lock", "localkube.log"
_OTHERS, _OTHERS_WRITE = 0o077, 0o022


@dataclass(frozen=True, slots=True)
class State:
    """A state directory: owned by its user, mode 0700, not a symbolic link."""

    directory: Path

    @property
    def log(self) -> Path:
        """Return localkube's own log."""
        return self.directory / _LOG

    def create(self) -> None:
        """Create the directory, or remove others' access to localkube's own.

        Raises `LocalkubeError` for a directory of another user, or one that others may have used.
        """
        try:
            self.directory.parent.mkdir(parents=True, exist_ok=True)
            with suppress(FileExistsError):
                self.directory.mkdir(mode=0o700)
        except OSError as error:
            raise self._refusal(error.strerror or str(error)) from None
        with self.opened() as directory:
            if os.fstat(directory).st_mode & _OTHERS:
                self._make_private(directory)
            os.close(_open(_LOCK, os.O_RDWR | os.O_CREAT, directory))

    @contextmanager
    def opened(self) -> Iterator[int]:
        """Open the directory; raise `LocalkubeError` where another user owns it."""
        try:
            descriptor = os.open(self.directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        except FileNotFoundError:
            raise
        except OSError as error:
            linked = self.directory.is_symlink()
            reason = "is a symbolic link" if linked else error.strerror or str(error)
            raise self._refusal(reason) from None
        try:
            if os.fstat(descriptor).st_uid != os.geteuid():
                raise self._refusal("belongs to another user")
            yield descriptor
        finally:
            os.close(descriptor)

    def open_log(self) -> int:
        """Open localkube's own log for appending."""
        with self.opened() as directory:
            descriptor = _open(_LOG, os.O_WRONLY | os.O_CREAT | os.O_APPEND, directory)
        os.fchmod(descriptor, 0o600)
        return descriptor

    def lock(self) -> int | None:
        """Return a descriptor that locks the directory, None where another process holds it."""
        with self.opened() as directory:
            descriptor = _open(_LOCK, os.O_RDWR, directory)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def wait_until_free(self, seconds: float) -> bool:
        """Wait for the lock to become free; return False after `seconds`."""
        with self.opened() as directory:
            descriptor = _open(_LOCK, os.O_RDWR, directory)
        # In a thread, because flock(2) has no time limit; one that still waits ends with the verb.
        lock = (descriptor, fcntl.LOCK_EX)
        waiting = threading.Thread(target=fcntl.flock, args=lock, daemon=True)
        waiting.start()
        waiting.join(seconds)
        if waiting.is_alive():
            return False
        os.close(descriptor)
        return True

    def _make_private(self, directory: int) -> None:
        """Remove others' access to a directory that is empty or was localkube's before."""
        mode = stat.S_IMODE(os.fstat(directory).st_mode)
        found = os.listdir(directory)
        if found and (mode & _OTHERS_WRITE or _LOCK not in found):
            raise self._refusal(f"others may use it (mode {mode:04o}); close it: chmod 700 on it")
        os.fchmod(directory, 0o700)

    def _refusal(self, reason: str) -> LocalkubeError:
        return LocalkubeError(
            f"state directory {self.directory}: {reason}; name another with --state"
        )


def _open(name: str, flags: int, directory: int) -> int:
    try:
        return os.open(name, flags | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=directory)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        reason = f"{name} in the state directory is a symbolic link; remove it"
        raise LocalkubeError(reason) from None


def state_of(option: str | None) -> State:
    """Return the directory of `--state`, else LOCALKUBE_STATE, else of user and checkout."""
    chosen = option or os.environ.get("LOCALKUBE_STATE")
    return State(Path(chosen).absolute() if chosen else _default_directory())


def _default_directory() -> Path:
    # The checkout whose virtual environment runs this process.
    checkout = Path(sys.prefix).resolve().parent
    base = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    digest = hashlib.sha256(str(checkout).encode()).hexdigest()[:8]
    return Path(base) / "localkube" / f"{checkout.name}-{digest}"
