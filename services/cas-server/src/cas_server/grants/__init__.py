"""One file per grant type; a new one is added to `grant_types` and nowhere else."""

from collections.abc import Mapping

from cas_server.grants.client_credentials import ClientCredentialsGrant
from cas_server.grants.password import PasswordGrant
from cas_server.grants.protocol import GrantType, Issuing, TokenRequest
from cas_server.grants.refresh_token import RefreshTokenGrant

__all__ = ["GrantType", "Issuing", "TokenRequest", "grant_types"]


def grant_types(issuing: Issuing) -> Mapping[str, GrantType]:
    """Return the grants this server knows, by `grant_type`."""
    return {
        "client_credentials": ClientCredentialsGrant(issuing),
        "password": PasswordGrant(issuing),
        "refresh_token": RefreshTokenGrant(issuing),
    }
