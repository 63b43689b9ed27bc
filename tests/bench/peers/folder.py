"""Where the peers are installed."""

import subprocess
from pathlib import Path

TESTS = Path(__file__).parents[2]
PEERS = TESTS.parent / ".build/bench-peers"


def output(*command: str) -> str:
    """Return what a program prints, such as its version; nothing where it fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    except (OSError, subprocess.SubprocessError):
        return ""
    return done.stdout.strip()
