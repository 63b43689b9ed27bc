"""One file per grant type; a new one is added to `grant_types` and nowhere else."""

from collections.abc import Mapping

from cas_server.grant_names import AUTHORIZATION_CODE, CLIENT_CREDENTIALS, PASSWORD, REFRESH_TOKEN
from cas_server.grants.authorization_code import AuthorizationCodeGrant
from cas_server.grants.client_credentials import ClientCredentialsGrant
from cas_server.grants.grant_type import GrantContext, GrantType, TokenRequest
from cas_server.grants.password import PasswordGrant
from cas_server.grants.refresh_token import RefreshTokenGrant

__all__ = ["GrantContext", "GrantType", "TokenRequest", "grant_types"]


def grant_types(context: GrantContext) -> Mapping[str, GrantType]:
    """Return the grants this server knows, by `grant_type`."""
    return {
        AUTHORIZATION_CODE: AuthorizationCodeGrant(context),
        CLIENT_CREDENTIALS: ClientCredentialsGrant(context),
        PASSWORD: PasswordGrant(context),
        REFRESH_TOKEN: RefreshTokenGrant(context),
    }
