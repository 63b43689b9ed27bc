"""The checkout, whose manifests and sources the commands use."""

from pathlib import Path

ROOT = Path(__file__).parents[4]
