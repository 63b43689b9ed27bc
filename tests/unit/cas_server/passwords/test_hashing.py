"""Hashes of secrets, and the cost of a comparison."""

from collections.abc import Callable

import pytest
from argon2 import Type, extract_parameters

from cas_server.passwords.hashing import (
    PasswordPool,
    hash_generated,
    hash_password,
    is_hash,
    matches_blocking,
)
from chassis.normal_form import MAX_LENGTH
from recorded_hashes import recorded_hashes


def test_a_password_hash_is_argon2id_with_19_mib_two_passes_and_one_lane() -> None:
    parameters = extract_parameters(hash_password("secret"))
    assert parameters.type is Type.ID
    assert parameters.memory_cost == 19 * 1024
    assert (parameters.time_cost, parameters.parallelism) == (2, 1)


@pytest.mark.parametrize("make", [hash_password, hash_generated])
def test_a_hash_matches_only_its_secret(make: Callable[[str], str]) -> None:
    stored = make("secret")
    assert is_hash(stored)
    assert matches_blocking(stored, "secret")
    assert not matches_blocking(stored, "secre")
    assert not matches_blocking(stored, "secret" * 1000)
    assert stored != make("secret"), "salted"


@pytest.mark.parametrize("text", ["", "secret", "hmac-sha256:x:y", "$argon2i$v=19$m=8,t=1,p=1$a$b"])
def test_an_invalid_hash_is_recognized(text: str) -> None:
    assert not is_hash(text)


@pytest.mark.anyio
async def test_an_unknown_client_and_a_too_long_secret_cost_as_much_as_a_wrong_secret(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """docs/design/protocol.md, "token": unknown client and wrong secret cost the same.

    One that is too long was once free, so that failures could be had by the thousand.
    """
    password, pool = hash_password("x"), PasswordPool()
    hashes = recorded_hashes(monkeypatch)
    for stored in (None, password, hash_generated("x")):
        for presented in ("y", "y" * 100_000):
            assert not await pool.matches(stored, presented)
    pool.close()
    parameters = extract_parameters(password)
    assert [cost for cost, _ in hashes.work] == [parameters] * 6
    assert max(length for _, length in hashes.work) <= MAX_LENGTH
