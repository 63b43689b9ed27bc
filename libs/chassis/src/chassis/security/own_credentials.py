"""The service's own client authentication with HTTP Basic (RFC 6749 section 2.3.1)."""

from base64 import b64encode

from chassis.config.sections import OAuth2ClientSettings


class OwnCredentials:
    """The Authorization header for the service's own credentials, cached per version."""

    def __init__(self) -> None:
        self._client: OAuth2ClientSettings | None = None
        self._header = b""

    def header(self, client: OAuth2ClientSettings) -> bytes:
        """Return the header's value.

        Id and secret are not form-encoded, since old authorization servers do not decode them.
        Without reserved characters there is no difference.
        """
        if client is not self._client:
            secret = client.client_secret.get_secret_value() if client.client_secret else ""
            self._header = b"Basic " + b64encode(f"{client.client_id or ''}:{secret}".encode())
            self._client = client
        return self._header
