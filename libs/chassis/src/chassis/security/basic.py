"""Client authentication by HTTP Basic, RFC 6749 section 2.3.1."""

from base64 import b64encode

from chassis.config.sections import OAuth2ClientSettings


def basic_header(client: OAuth2ClientSettings) -> bytes:
    """Return the value of the Authorization header for the service's own credentials.

    They are sent as they are, which old authorization servers need; identifiers and secrets
    without reserved characters are the same either way.
    """
    secret = client.client_secret.get_secret_value() if client.client_secret else ""
    return b"Basic " + b64encode(f"{client.client_id or ''}:{secret}".encode())
