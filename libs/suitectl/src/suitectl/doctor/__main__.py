"""`python3 -m suitectl.doctor`: run every check, print the findings, exit 1 where one is fatal."""

import sys

if sys.version_info < (3, 8):  # noqa: UP036 - a bare machine may have any
    sys.exit("✗ python3 is older than 3.8  → apt install python3, or PYTHON=/path/to/python3")

from suitectl.doctor.report import main

if __name__ == "__main__":
    sys.exit(main())
