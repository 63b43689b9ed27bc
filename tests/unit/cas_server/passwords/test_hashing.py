"""Hashes of secrets, and what comparing with them costs."""

import time
from collections.abc import Callable
from statistics import median

import pytest
from argon2 import Type, extract_parameters

from cas_server.passwords.hashing import (
    PasswordPool,
    hash_generated,
    hash_password,
    is_hash,
    matches_blocking,
)


def test_password_hash_is_argon2id_with_19_mib_two_passes_one_lane() -> None:
    parameters = extract_parameters(hash_password("secret"))
    assert parameters.type is Type.ID
    assert parameters.memory_cost == 19 * 1024
    assert (parameters.time_cost, parameters.parallelism) == (2, 1)


@pytest.mark.parametrize("make", [hash_password, hash_generated])
def test_hash_matches_its_secret_alone(make: Callable[[str], str]) -> None:
    stored = make("secret")
    assert is_hash(stored)
    assert matches_blocking(stored, "secret")
    assert not matches_blocking(stored, "secre")
    assert not matches_blocking(stored, "secret" * 1000)
    assert stored != make("secret"), "salted"


@pytest.mark.parametrize("text", ["", "secret", "hmac-sha256:x:y", "$argon2i$v=19$m=8,t=1,p=1$a$b"])
def test_what_is_no_hash_is_known_as_such(text: str) -> None:
    assert not is_hash(text)


@pytest.mark.anyio
async def test_unknown_and_too_long_cost_what_a_wrong_secret_costs() -> None:
    """docs/design/protocol.md, "token": unknown client and wrong secret cost the same.

    One that is too long was once free, so that failures could be had by the thousand.
    """
    pool = PasswordPool()
    stored = (None, hash_password("x"), hash_generated("x"))
    costs = [
        median([await _cost(pool, one, presented) for _ in range(7)])
        for one in stored
        for presented in ("y", "y" * 100_000)
    ]
    pool.close()
    assert max(costs) < 1.5 * min(costs)


async def _cost(pool: PasswordPool, stored: str | None, presented: str) -> float:
    """Return the processor time of a comparison that fails, in seconds."""
    began = time.process_time()
    assert not await pool.matches(stored, presented)
    return time.process_time() - began
