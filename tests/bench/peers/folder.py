"""Where the peers are installed."""

from pathlib import Path

TESTS = Path(__file__).parents[2]
PEERS = TESTS.parent / ".build/bench-peers"
