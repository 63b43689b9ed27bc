"""The cache of verified credentials is bounded per client, so that no client evicts another's."""

import pytest

from cas_server.authentication.verified_credentials import (
    MAX_PER_CLIENT,
    Verified,
    VerifiedCredentials,
)
from cas_server.identities.clients import Client
from cas_server.stores.token_store import Bounds


def verified(name: str) -> Verified:
    nothing: tuple[str, ...] = ()
    client = Client(
        id=name,
        secrets=nothing,
        grant_types=frozenset(),
        scopes=nothing,
        audience=nothing,
        authorities=nothing,
        access_validity=1,
        refresh_validity=1,
        bounds=Bounds(tokens=1, families=1),
        checks_tokens=True,
        checks_for=frozenset(),
        fingerprints=nothing,
    )
    return Verified(client, "hash")


@pytest.mark.bound("verified-credentials")
def test_a_client_with_many_credentials_evicts_only_its_own() -> None:
    known = VerifiedCredentials()
    known.add(b"other", verified("other"))
    for number in range(2000):
        known.add(b"%d" % number, verified("app"))
    assert known.get(b"other")
    assert known.get(b"1999")
    assert known.get(b"0") is None
    assert len(known) == 1 + MAX_PER_CLIENT


def test_adding_the_same_credentials_again_evicts_nothing() -> None:
    known = VerifiedCredentials()
    known.add(b"first", verified("app"))
    for _ in range(100):
        known.add(b"again", verified("app"))
    assert known.get(b"first")


def test_dropped_credentials_leave_nothing_in_memory() -> None:
    known = VerifiedCredentials()
    known.add(b"old", verified("app"))
    known.drop(b"old")
    assert (known.get(b"old"), len(known)) == (None, 0)
    assert not known._of_client
