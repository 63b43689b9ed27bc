"""What can go wrong, as one line for people and an exit code for scripts.

LocalkubeError            1  something at run time
├── NotFoundError         1  no such object
├── MissingReferenceError 1  a pod refers to something that does not exist (yet)
├── UsageError            2  the command line
├── ManifestError         2  a manifest or a patch
└── AlreadyRunningError   3  the state directory is taken
"""


class LocalkubeError(Exception):
    """Stop with one line; `exit_code` is the command's."""

    exit_code = 1

    def __init__(self, message: str, exit_code: int | None = None) -> None:
        super().__init__(message)
        self.exit_code = self.exit_code if exit_code is None else exit_code


class NotFoundError(LocalkubeError):
    """No object has this name."""


class MissingReferenceError(LocalkubeError):
    """A pod needs a ConfigMap, a Secret or a key that does not exist; it waits."""


class UsageError(LocalkubeError):
    """The command line makes no sense."""

    exit_code = 2


class ManifestError(LocalkubeError):
    """A manifest says something wrong, or something that is not implemented."""

    exit_code = 2


class AlreadyRunningError(LocalkubeError):
    """The state directory belongs to a running localkube."""

    exit_code = 3
