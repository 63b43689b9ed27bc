"""What can go wrong, as one line for people and an exit code for scripts.

LocalkubeError          1  something at run time
├── ConflictError       1  somebody else has changed the object meanwhile
├── UsageError          2  the command line, a manifest or a patch
└── AlreadyRunningError 3  the state directory is taken
"""


class LocalkubeError(Exception):
    """Stop with one line; `exit_code` is the command's."""

    exit_code = 1

    def __init__(self, message: str, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.exit_code = self.exit_code if exit_code is None else exit_code


class ConflictError(LocalkubeError):
    """A change was made for another version of the object than the one that is."""


class UsageError(LocalkubeError):
    """A command line or a manifest says something wrong, or something not implemented."""

    exit_code = 2


class AlreadyRunningError(LocalkubeError):
    """The state directory belongs to a running localkube."""

    exit_code = 3
