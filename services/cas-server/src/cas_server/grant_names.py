"""The grants this server knows, by `grant_type`; `cas_server.grants` has one for each."""

AUTHORIZATION_CODE = "authorization_code"
CLIENT_CREDENTIALS = "client_credentials"
PASSWORD = "password"  # noqa: S105 - the name of a grant
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - likewise

GRANT_NAMES = (AUTHORIZATION_CODE, CLIENT_CREDENTIALS, PASSWORD, REFRESH_TOKEN)
OF_PUBLIC_CLIENTS = (AUTHORIZATION_CODE, REFRESH_TOKEN)
"""The grants that need no client secret."""
