"""An authorization request of a public client with PKCE, and what comes of it."""

import base64
import hashlib
import secrets
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from suitectl.errors import TokenRefusedError


@dataclass(frozen=True, slots=True)
class Authorization:
    """One request: `state` and `verifier` are new for each (RFC 9700, 2.1)."""

    client: str
    redirect_uri: str
    state: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    verifier: str = field(default_factory=lambda: secrets.token_urlsafe(32), repr=False)

    def path(self, user: str = "") -> str:
        """Return the path to open, with all scopes that the client may have."""
        digest = hashlib.sha256(self.verifier.encode()).digest()
        parameters = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": self.redirect_uri,
            "state": self.state,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
            **({"login_hint": user} if user else {}),
        }
        return f"/oauth/authorize?{urlencode(parameters)}"

    def is_answered_by(self, location: str) -> bool:
        """Return whether an address is the response to the client."""
        return location.partition("?")[0] == self.redirect_uri

    def code_of(self, location: str, issuer: str) -> str:
        """Return the code; raise `TokenRefusedError` for an error, or for another's response."""
        query = parse_qs(urlsplit(location).query)
        found = {name: values[0] for name, values in query.items()}
        if "error" in found:
            raise TokenRefusedError(f"{found['error']}: {found.get('error_description', '')}")
        if found.get("state") != self.state or found.get("iss") != issuer or "code" not in found:
            reason = "the response is of another request or server (RFC 6749, 10.12; RFC 9207)"
            raise TokenRefusedError(reason)
        return found["code"]

    def exchange(self, code: str) -> dict[str, Any]:
        """Return the form that exchanges the code."""
        return {
            "grant_type": "authorization_code",
            "client_id": self.client,
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }
