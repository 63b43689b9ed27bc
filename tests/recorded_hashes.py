"""What comparing passwords costs, counted: each argon2 verification, which is what takes time."""

from typing import Literal

import pytest
from argon2 import Parameters, PasswordHasher, extract_parameters

from cas_server.passwords import hashing


class RecordedHashes(PasswordHasher):
    """Verifies as ever, and records what each verification costs: its parameters and its input."""

    def __init__(self) -> None:
        super().__init__()
        self.work: list[tuple[Parameters, int]] = []

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002 - argon2's name
        self.work.append((extract_parameters(str(hash)), len(password)))
        return super().verify(hash, password)


def recorded_hashes(monkeypatch: pytest.MonkeyPatch) -> RecordedHashes:
    """Have all verifications from now on recorded."""
    hashes = RecordedHashes()
    monkeypatch.setattr(hashing, "_HASHER", hashes)
    return hashes
