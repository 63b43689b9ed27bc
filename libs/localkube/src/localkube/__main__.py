"""Entry point of the `localkube` command."""

import sys

from localkube.cli import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
