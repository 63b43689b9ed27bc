"""Counts argon2 verifications, which are the cost of password checks."""

from typing import Literal

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters

from cas_server.passwords import hashing


class RecordedHashes(PasswordHasher):
    """Verifies as usual, and records the cost of each verification: its parameters and input."""

    def __init__(self) -> None:
        super().__init__()
        self.work: list[tuple[Parameters, int]] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - argon2's name
        self.work.append((extract_parameters(str(hash)), len(password)))
        return super().verify(hash, password)


def recorded_hashes(monkeypatch: pytest.MonkeyPatch) -> RecordedHashes:
    """Record all verifications during the test."""
    hashes = RecordedHashes()
    monkeypatch.setattr(hashing, "_HASHER", hashes)
    return hashes
