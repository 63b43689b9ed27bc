"""The entry point of the `localkube` command."""

import sys

from localkube.verbs.command_line import main

if __name__ == "__main__":
    sys.exit(main())
