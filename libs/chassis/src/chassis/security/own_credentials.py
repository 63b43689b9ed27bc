"""Client authentication by HTTP Basic, RFC 6749 section 2.3.1."""

from base64 import b64encode

from chassis.config.sections import OAuth2ClientSettings


class OwnCredentials:
    """Make the Authorization header of the service's own credentials, once for each version."""

    def __init__(self) -> None:
        self._client: OAuth2ClientSettings | None = None
        self._header = b""

    def header(self, client: OAuth2ClientSettings) -> bytes:
        """Return the value of the header.

        Identifier and secret are sent as they are, which old authorization servers need; without
        reserved characters that is the same as form-encoded.
        """
        if client is not self._client:
            secret = client.client_secret.get_secret_value() if client.client_secret else ""
            self._header = b"Basic " + b64encode(f"{client.client_id or ''}:{secret}".encode())
            self._client = client
        return self._header
