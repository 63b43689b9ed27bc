"""Why a command failed: a message of one line for people, and an exit code for scripts.

CommandFailedError       1  the command line, the platform, or what was asked of it
├── ReleaseFailedError   1  a release did not hold what was asked of it
├── TokenRefusedError    1  cas-server issued no token
├── CheckFailedError     1  a check of the story did not hold
└── CommandInterrupted 130  Ctrl-C or SIGTERM
"""


class CommandFailedError(Exception):
    """A command failed; the message says what to do."""

    exit_code = 1


class ReleaseFailedError(CommandFailedError):
    """A release did not hold what was asked of it."""


class TokenRefusedError(CommandFailedError):
    """cas-server issued no token."""


class CheckFailedError(CommandFailedError):
    """A check of the story did not hold."""


class CommandInterrupted(CommandFailedError):
    """The user, or whoever runs the command, ended it."""

    exit_code = 130
