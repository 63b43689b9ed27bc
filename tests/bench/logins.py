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
_CALLBACK = "http://127.0.0.1/callback"


@dataclass(frozen=True, slots=True)
class Logins:
    """Logins at one cas-server, each with a browser of its own."""

    url: str
    scope: str = ""

    def redemptions(self, count: int) -> Sequence[dict[str, str]]:
        """Return what redeems each of so many codes of one login; consent is asked once."""
        verifier = secrets.token_urlsafe(32)
        browser, address = Browser(self.url), self._address(verifier)
        browser.log_in(address, USER, DEMO_SECRETS[USER])
        codes = [browser.go(address).parameters["code"] for _ in range(count)]
        redeem = {
            "grant_type": "authorization_code",
            "redirect_uri": _CALLBACK,
            "code_verifier": verifier,
        }
        return [{**redeem, "code": code} for code in codes]

    def _address(self, verifier: str) -> str:
        parameters = {
            "response_type": "code",
            "client_id": login_client(),
            "redirect_uri": _CALLBACK,
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
            **({"scope": self.scope} if self.scope else {}),
        }
        return f"{self.url}/oauth/authorize?{urlencode(parameters)}"
