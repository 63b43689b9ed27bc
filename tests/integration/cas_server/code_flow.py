"""The authorization code flow as a client and a browser go through it, over HTTP."""

import re
from dataclasses import dataclass, field, replace
from html import unescape
from secrets import token_urlsafe
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

import httpx

from cas_server.authorization.pkce import challenge_of
from integration.cas_server.world import BASIC, Cas

CALLBACK = "https://app.example/callback"
LOOPBACK = "http://127.0.0.1/callback"
_HIDDEN = re.compile(r'<input type="hidden" name="([^"]*)" value="([^"]*)">')


def code_clients(hashes: dict[str, str]) -> dict[str, Any]:
    """Return registrations for the flow: a public client, and those with a secret."""
    grants = ["authorization_code", "refresh_token"]
    every = {
        "authorized-grant-types": grants,
        "scope": ["read", "write"],
        "resource-ids": ["order-service", "stock-service"],
    }
    web = every | {"client-secret": hashes["demo-app"], "redirect-uris": [CALLBACK]}
    return {
        "cli": every
        | {"token-endpoint-auth-method": "none", "redirect-uris": [LOOPBACK, CALLBACK]},
        "web": web,
        "first-party": web | {"require-consent": False},
        "no-refresh": web | {"authorized-grant-types": ["authorization_code"]},
    }


def without_pkce(hashes: dict[str, str]) -> dict[str, Any]:
    """Return the registration of a client that need not use PKCE; it needs an RS256 key."""
    web = code_clients(hashes)["web"]
    return {"no-pkce": web | {"require-pkce": False, "scope": ["openid", "read", "write"]}}


SECRETS = dict.fromkeys(("web", "first-party", "no-refresh", "no-pkce"), BASIC["demo-app"])


def location(response: httpx.Response) -> dict[str, str]:
    """Return the parameters of a redirect to a client."""
    assert response.status_code == 303, response.text
    query = urlsplit(response.headers["location"]).query
    return {name: value for name, (value,) in parse_qs(query, strict_parsing=True).items()}


def form_fields(page: str) -> dict[str, str]:
    """Return the hidden fields of a page."""
    return {unescape(name): unescape(value) for name, value in _HIDDEN.findall(page)}


@dataclass
class Browser:
    """A browser with the cookie of a session, and the client that sends it."""

    cas: Cas
    cookie: str = ""
    client: str = "cli"
    redirect_uri: str = CALLBACK
    verifier: str = field(default_factory=lambda: token_urlsafe(32))
    replica: int = 0

    def at(self, replica: int) -> Self:
        """Return the same, whose requests go to another replica."""
        return replace(self, replica=replica)

    def request(self, **change: str) -> dict[str, str]:
        """Return the parameters of an authorization request."""
        fields = {
            "response_type": "code",
            "client_id": self.client,
            "redirect_uri": self.redirect_uri,
            "state": "of-the-client",
            "scope": "read",
            "code_challenge": challenge_of(self.verifier),
            "code_challenge_method": "S256",
            **change,
        }
        return {name: value for name, value in fields.items() if value}

    async def authorize(self, **change: str) -> httpx.Response:
        """Send the request."""
        url = self.cas.urls[self.replica] + "/oauth/authorize"
        return await self.cas.http.get(url, params=self.request(**change), headers=self._headers)

    async def decide(
        self, page: httpx.Response, decision: str = "allow", **change: str
    ) -> httpx.Response:
        """Send the form of a consent page."""
        assert page.status_code == 200, page.text
        fields = form_fields(page.text) | {"decision": decision} | change
        url = self.cas.urls[self.replica] + "/oauth/authorize/consent"
        return await self.cas.http.post(url, data=fields, headers=self._headers)

    async def code(self, **change: str) -> str:
        """Return a code, allowing the client what it asks for."""
        response = await self.authorize(**change)
        if response.status_code == 200:
            response = await self.decide(response)
        return location(response)["code"]

    def redemption(self, code: str) -> dict[str, str]:
        """Return the form that exchanges a code, of a public client."""
        return {
            "client_id": self.client,
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_uri,
            "code_verifier": self.verifier,
        }

    async def redeem(self, code: str, **change: str) -> httpx.Response:
        """Exchange a code."""
        fields = self.redemption(code)
        del fields["client_id"]
        return await self.token({n: v for n, v in (fields | change).items() if v})

    async def token(self, fields: dict[str, str], path: str = "/oauth/token") -> httpx.Response:
        """Send a form as the client."""
        url, secret = self.cas.urls[self.replica] + path, SECRETS.get(self.client)
        if secret is None:
            return await self.cas.http.post(url, data={"client_id": self.client, **fields})
        return await self.cas.http.post(url, data=fields, auth=(self.client, secret))

    @property
    def _headers(self) -> dict[str, str]:
        cookie = {"Cookie": self.cookie} if self.cookie else {}
        return {"Accept": "text/html", **cookie}
