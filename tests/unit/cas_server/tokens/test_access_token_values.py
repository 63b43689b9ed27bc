"""The text of an access token is made from the signing keys of the present load."""

from pathlib import Path

import pytest

from cas_server.identities.clients import client_registry
from cas_server.signing.signing_keys import SigningKeys
from cas_server.tokens.access_tokens import Grant
from cas_server.tokens.jwt_access_tokens import AccessTokenValues
from chassis.errors import TemporarilyUnavailable
from signing_keys import pem
from unit.cas_server.cas_settings import APP, loaded


def test_a_key_that_a_reload_removed_under_a_request_is_a_503(tmp_path: Path) -> None:
    """docs/design/signed-tokens.md, "JWT access tokens": the client is that of the load before."""
    before, after = tmp_path / "before", tmp_path / "after"
    for place in (before, after):
        place.mkdir()
    keys = {"signing-keys": {"mine": pem()}}
    old = loaded(before, {"clients": {"app": {**APP, "token-format": "jwt"}}, **keys})
    new = loaded(after, {"clients": {"app": APP}})
    client = client_registry(old.settings)["app"]
    token = Grant("app", ("read",), ("order-service",), ()).stored(600)

    with pytest.raises(TemporarilyUnavailable) as raised:
        AccessTokenValues(new, SigningKeys(new)).of(token, client)

    assert (raised.value.status, raised.value.error) == (503, "temporarily_unavailable")
    assert raised.value.headers["Retry-After"] == "1"
