"""The command `cas-server`: serves, or makes hashes for its configuration."""

import sys

from cas_server import cli
from cas_server.app import create_app
from cas_server.settings import CasSettings
from chassis import run_service


def main() -> int:
    """Serve until SIGTERM, or run a command of `cas_server.cli`."""
    arguments = sys.argv[1:]
    if arguments and arguments[0] in cli.COMMANDS:
        return cli.run(arguments)
    return run_service("cas-server", CasSettings, create_app)


if __name__ == "__main__":
    sys.exit(main())
