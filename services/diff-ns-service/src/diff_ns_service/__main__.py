"""The command `diff-ns-service`."""

import sys

from chassis import run_service
from diff_ns_service.app import create_app
from diff_ns_service.settings import DiffNsSettings


def main() -> int:
    """Serve until SIGTERM; the exit code tells a configuration error (2) from others."""
    return run_service("diff-ns-service", DiffNsSettings, create_app)


if __name__ == "__main__":
    sys.exit(main())
