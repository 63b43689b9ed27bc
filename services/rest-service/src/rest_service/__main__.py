"""The command `rest-service`."""

import sys

from chassis import run_service
from rest_service.app import create_app
from rest_service.settings import RestSettings


def main() -> int:
    """Serve until SIGTERM; the exit code tells a configuration error (2) from others."""
    return run_service("rest-service", RestSettings, create_app)


if __name__ == "__main__":
    sys.exit(main())
