"""People who log in at a cas-server, and the codes that an application gets for them."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlencode

from cas_server.authorization.pkce import challenge_of
from cas_server.identities.demo_identities import DEMO_SECRETS
from interop.browser import Browser
from suitectl.identities import login_client

USER = "alice"
CALLBACK = "http://127.0.0.1/callback"


def redemption(code: str, verifier: str) -> dict[str, str]:
    """Return the form that exchanges a code (RFC 6749, 4.1.3; RFC 7636, 4.5)."""
    return {
        "grant_type": "authorization_code",
        "redirect_uri": CALLBACK,
        "code": code,
        "code_verifier": verifier,
    }


@dataclass(frozen=True, slots=True)
class Logins:
    """Logins at one cas-server, each with a browser of its own."""

    url: str
    scope: str = ""
    user: str = USER
    password: str = DEMO_SECRETS[USER]

    def log_in(self) -> "Session":
        """Log in and consent, as one does at the first code."""
        session = Session(Browser(self.url), *self._request())
        session.browser.log_in(session.address, self.user, self.password)
        return session

    def redemptions(self, count: int) -> Sequence[dict[str, str]]:
        """Return what redeems each of so many codes of one login; consent is asked once."""
        session = self.log_in()
        return [session.redemption() for _ in range(count)]

    def _request(self) -> tuple[str, str]:
        verifier = secrets.token_urlsafe(32)
        parameters = {
            "response_type": "code",
            "client_id": login_client(),
            "redirect_uri": CALLBACK,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
            **({"scope": self.scope} if self.scope else {}),
        }
        return f"{self.url}/oauth/authorize?{urlencode(parameters)}", verifier


@dataclass(frozen=True, slots=True)
class Session:
    """A browser whose user has logged in, and an authorization request with its verifier."""

    browser: Browser
    address: str
    verifier: str

    def redemption(self) -> dict[str, str]:
        """Ask for another code, and return the form that exchanges it."""
        return redemption(self.browser.go(self.address).parameters["code"], self.verifier)
