"""The grants this server knows, by `grant_type`; `cas_server.grants` has one for each."""

CLIENT_CREDENTIALS = "client_credentials"
PASSWORD = "password"  # noqa: S105 - the name of a grant
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - likewise

GRANT_NAMES = (CLIENT_CREDENTIALS, PASSWORD, REFRESH_TOKEN)
