"""One file per grant type; a new one is added to `grant_types` and nowhere else."""

from collections.abc import Mapping

from cas_server.grant_names import CLIENT_CREDENTIALS, PASSWORD, REFRESH_TOKEN
from cas_server.grants.client_credentials import ClientCredentialsGrant
from cas_server.grants.grant_type import GrantType, Issuing, TokenRequest
from cas_server.grants.password import PasswordGrant
from cas_server.grants.refresh_token import RefreshTokenGrant

__all__ = ["GrantType", "Issuing", "TokenRequest", "grant_types"]


def grant_types(issuing: Issuing) -> Mapping[str, GrantType]:
    """Return the grants this server knows, by `grant_type`."""
    return {
        CLIENT_CREDENTIALS: ClientCredentialsGrant(issuing),
        PASSWORD: PasswordGrant(issuing),
        REFRESH_TOKEN: RefreshTokenGrant(issuing),
    }
