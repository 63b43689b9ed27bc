"""Why a command failed: a message of one line for people, and an exit code for scripts.

CommandFailedError       1  the command line, the platform, or an operation on it
├── ReleaseFailedError   1  a release missed a limit, or pods do not get ready
├── TokenRefusedError    1  cas-server issued no token
├── CheckFailedError     1  a check of the story did not hold
└── CommandInterrupted 130  Ctrl-C or SIGTERM
"""


class CommandFailedError(Exception):
    """A command failed; the message contains the next step."""

    exit_code = 1


class ReleaseFailedError(CommandFailedError):
    """A release missed a limit, or its pods do not get ready."""


class TokenRefusedError(CommandFailedError):
    """cas-server issued no token."""


class CheckFailedError(CommandFailedError):
    """A check of the story did not hold."""


class CommandInterrupted(CommandFailedError):
    """Ctrl-C or SIGTERM ended the command."""

    exit_code = 130
