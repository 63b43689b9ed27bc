"""Errors: one line for people, and an exit code for scripts.

LocalkubeError          1  a failure at run time
├── UsageError          2  an invalid command line, manifest or patch
└── AlreadyRunningError 3  another localkube uses the state directory
"""


class LocalkubeError(Exception):
    """An error of one line; `exit_code` is the command's."""

    exit_code = 1

    def __init__(self, message: str, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.exit_code = self.exit_code if exit_code is None else exit_code


class UsageError(LocalkubeError):
    """A command line or manifest is invalid, or uses something not implemented."""

    exit_code = 2


class AlreadyRunningError(LocalkubeError):
    """A running localkube uses the state directory."""

    exit_code = 3
