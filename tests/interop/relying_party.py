"""An application that logs users in, as strict about responses as the certification suite is."""

import base64
import hashlib
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from secrets import token_urlsafe
from typing import Any

import httpx

from cas_server.oidc.id_tokens import half_hash
from chassis.jwt.compact import read_jwt
from chassis.jwt.keys import read_key_set
from interop.browser import Browser, Seen
from interop.openid_provider import CALLBACK, OTHER_SECRET, PASSWORD, SECRET, Provider

SECRETS = {"client": SECRET, "client2": OTHER_SECRET}
INTERACTION_ERRORS = {
    *("interaction_required", "login_required"),
    *("account_selection_required", "consent_required"),
}
_LEEWAY_S = 5


@dataclass
class Login:
    """What a completed login gave."""

    response: dict[str, Any]
    claims: dict[str, Any]

    @property
    def access_token(self) -> str:
        """Return the access token."""
        return str(self.response["access_token"])

    @property
    def id_token(self) -> str:
        """Return the id_token."""
        return str(self.response["id_token"])


@dataclass
class RelyingParty:
    """A client at a provider, and its user's browser; `logins` counts the passwords typed."""

    provider: Provider
    client_id: str = "client"
    by_post: bool = False
    user: str = "alice"
    logins: int = 0
    browser: Browser = field(init=False)
    metadata: dict[str, Any] = field(init=False)

    def __post_init__(self) -> None:
        self.browser = Browser(self.provider.issuer)
        url = f"{self.provider.issuer}/.well-known/openid-configuration"
        response = self.browser.http.get(url)
        assert response.status_code == 200, response.text
        self.metadata = response.json()
        assert self.metadata["issuer"] == self.provider.issuer

    def request(self, **change: str | None) -> dict[str, str]:
        """Return an authorization request; None leaves a parameter out."""
        fields: dict[str, str | None] = {
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "scope": "openid",
            "state": token_urlsafe(16),
            "nonce": token_urlsafe(16),
            "response_type": "code",
            **change,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def authorize(self, request: Mapping[str, str], *, by_form: bool = False) -> Seen:
        """Send the browser with a request; the user logs in and allows where a page asks."""
        endpoint = self.metadata["authorization_endpoint"]
        go = self.browser.post if by_form else self.browser.go
        return self.answered(go(endpoint, request))

    def answered(self, seen: Seen) -> Seen:
        """Fill the pages in that ask for something; an error page stays."""
        while seen.page is not None and seen.page.status_code == 200:
            if "password" in seen.form.fields:
                self.logins += 1
                seen = self.browser.submit(seen, username=self.user, password=PASSWORD)
            elif ("decision", "allow") in seen.form.buttons:
                seen = self.browser.submit(seen, decision="allow")
            else:
                break
        return seen

    def code(self, request: Mapping[str, str], *, by_form: bool = False) -> str:
        """Return the code that a request leads to, whose response is checked."""
        seen = self.authorize(request, by_form=by_form)
        assert seen.page is None, seen.page and seen.page.text
        assert seen.url.startswith(f"{request['redirect_uri']}?")
        sent_back = seen.parameters
        assert sent_back["state"] == request["state"]
        assert sent_back["iss"] == self.provider.issuer
        assert sent_back.keys() == {"code", "state", "iss"}, sent_back
        return sent_back["code"]

    def refusal(self, request: Mapping[str, str]) -> dict[str, str]:
        """Return the error that a request ends with, whose form is checked."""
        seen = self.authorize(request)
        assert seen.page is None, seen.page and seen.page.text
        sent_back = seen.parameters
        assert "code" not in sent_back
        assert sent_back.get("state") == request.get("state")
        assert sent_back["iss"] == self.provider.issuer
        assert sent_back["error_description"].isascii()
        assert not set(sent_back["error_description"]) & set('"\\\r\n\t')
        return sent_back

    def redeem(self, code: str, **more: str) -> httpx.Response:
        """Exchange a code."""
        fields = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.token({**fields, **more})

    def token(self, fields: Mapping[str, str]) -> httpx.Response:
        """Send a form to the token endpoint."""
        url, secret = self.metadata["token_endpoint"], SECRETS[self.client_id]
        if self.by_post:
            own = {"client_id": self.client_id, "client_secret": secret}
            return self.browser.http.post(url, data={**fields, **own})
        return self.browser.http.post(url, data=dict(fields), auth=(self.client_id, secret))

    def log_in(self, *, by_form: bool = False, **change: str | None) -> Login:
        """Go the whole way to the tokens, and check each response."""
        request = self.request(**change)
        return self.finish(self.redeem(self.code(request, by_form=by_form)), request.get("nonce"))

    def finish(self, response: httpx.Response, nonce: str | None) -> Login:
        """Check a token response with its id_token."""
        assert response.status_code == 200, response.text
        assert response.headers["cache-control"] == "no-store"
        fields = response.json()
        assert fields["token_type"].lower() == "bearer"
        assert type(fields["expires_in"]) is int
        claims = self.checked(fields["id_token"], nonce, fields["access_token"])
        return Login(fields, claims)

    def checked(self, id_token: str, nonce: str | None, access_token: str) -> dict[str, Any]:
        """Return the claims of an id_token (OIDC Core, 3.1.3.7)."""
        jwt = read_jwt(id_token)
        keys = read_key_set(self.browser.http.get(self.metadata["jwks_uri"]).content)
        assert jwt.algorithm == "RS256"
        assert jwt.algorithm in self.metadata["id_token_signing_alg_values_supported"]
        assert keys[jwt.key_id].verifies(jwt.signed, jwt.signature)
        claims, now = dict(jwt.claims()), time.time()
        assert claims["iss"] == self.provider.issuer
        assert claims["aud"] == self.client_id
        assert now < claims["exp"]
        assert now - 60 < claims["iat"] <= now + _LEEWAY_S
        assert claims["sub"].isascii()
        assert 0 < len(claims["sub"]) <= 255
        assert claims.get("nonce") == nonce
        assert claims["auth_time"] <= now + _LEEWAY_S
        assert claims["at_hash"] == half_hash("RS256", access_token)
        assert not {"name", "email"} & claims.keys()
        return claims

    def userinfo(self, access_token: str, method: str = "GET", **options: Any) -> httpx.Response:
        """Ask who it is, with the token in the header unless the options have a form."""
        headers = {} if "data" in options else {"authorization": f"Bearer {access_token}"}
        url = self.metadata["userinfo_endpoint"]
        return self.browser.http.request(method, url, headers=headers, **options)

    def claims_of(self, login: Login) -> dict[str, Any]:
        """Return the claims of the userinfo endpoint, which are about the same user."""
        response = self.userinfo(login.access_token)
        assert response.status_code == 200, response.text
        assert response.headers["content-type"].startswith("application/json")
        claims = dict(response.json())
        assert claims["sub"] == login.claims["sub"]
        assert None not in claims.values()
        return claims

    def log_out(self, login: Login | None, **change: str | None) -> Seen:
        """Send the browser to the end of the session."""
        fields: dict[str, str | None] = {
            "id_token_hint": login.id_token if login else None,
            **change,
        }
        present = {name: value for name, value in fields.items() if value is not None}
        return self.browser.go(self.metadata["end_session_endpoint"], present)

    def is_logged_out(self) -> bool:
        """Return whether the provider knows no user any longer."""
        seen = self.authorize(self.request(prompt="none"))
        assert seen.page is None
        return seen.parameters.get("error") in INTERACTION_ERRORS


def unsigned(claims: Mapping[str, Any]) -> str:
    """Return a JWT under the algorithm `none`."""
    parts = (json.dumps(part).encode() for part in ({"alg": "none"}, claims))
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."


def challenge_of(verifier: str) -> str:
    """Return the challenge of PKCE (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
