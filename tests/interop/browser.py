"""A browser as far as login pages need one: redirects, cookies, forms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http import HTTPStatus
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx

from eventually import PATIENCE_S

_MOST = 10
"""Redirects in a row."""


@dataclass
class Form:
    """A form of a page: where it goes, and the fields with their values."""

    action: str
    fields: dict[str, str] = field(default_factory=dict)
    buttons: list[tuple[str, str]] = field(default_factory=list)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(Form(found.get("action", "")))
        elif tag == "input" and self.forms and "name" in found:
            self.forms[-1].fields[found["name"]] = found.get("value", "")
        elif tag == "button" and self.forms and "name" in found:
            self.forms[-1].buttons.append((found["name"], found.get("value", "")))


@dataclass
class Seen:
    """Where the browser is: the last address, and the page, None outside of the provider."""

    url: str
    page: httpx.Response | None

    @property
    def parameters(self) -> dict[str, str]:
        """Return the parameters in the address; each is there once."""
        pairs = parse_qsl(urlsplit(self.url).query, keep_blank_values=True, strict_parsing=True)
        found = dict(pairs)
        assert len(found) == len(pairs), self.url
        return found

    @property
    def form(self) -> Form:
        """Return the one form of the page."""
        assert self.page is not None, self.url
        parser = _Forms()
        parser.feed(self.page.text)
        (form,) = parser.forms
        return form


class Browser:
    """A browser without cookies at first; it loads pages of an issuer, and of other `sites`."""

    def __init__(self, issuer: str, *sites: str) -> None:
        self._issuer = issuer
        self._sites = tuple(f"{site}/" for site in (issuer, *sites))
        # A connection for each request, so that each goes to another replica.
        limits = httpx.Limits(max_keepalive_connections=0)
        headers = {"accept": "text/html,application/xhtml+xml"}
        self.http = httpx.Client(
            timeout=PATIENCE_S, trust_env=False, limits=limits, headers=headers
        )

    def go(self, url: str, parameters: Mapping[str, str] | None = None) -> Seen:
        """Open an address, and follow redirects."""
        return self._follow(self.http.get(url, params=dict(parameters) if parameters else None))

    def post(self, url: str, fields: Mapping[str, str]) -> Seen:
        """Send a form, and follow redirects."""
        return self._follow(self.http.post(url, data=dict(fields)))

    def submit(self, seen: Seen, **values: str) -> Seen:
        """Send the form of a page, filled in."""
        form = seen.form
        assert not values.keys() - form.fields.keys() - {name for name, _ in form.buttons}
        return self.post(urljoin(seen.url, form.action), {**form.fields, **values})

    def log_in(self, url: str, user: str, password: str) -> Seen:
        """Open an address; log in and allow where a page asks for it."""
        seen = self.go(url)
        while seen.page is not None and seen.page.status_code == HTTPStatus.OK:
            if "password" in seen.form.fields:
                seen = self.submit(seen, username=user, password=password)
            elif ("decision", "allow") in seen.form.buttons:
                seen = self.submit(seen, decision="allow")
            else:
                break
        return seen

    def _follow(self, response: httpx.Response) -> Seen:
        for _ in range(_MOST):
            if not response.has_redirect_location:
                return Seen(str(response.url), response)
            if str(response.url).startswith(f"{self._issuer}/"):
                assert response.status_code == HTTPStatus.SEE_OTHER
            url = urljoin(str(response.url), response.headers["location"])
            if not url.startswith(self._sites):
                return Seen(url, None)
            response = self.http.get(url)
        raise AssertionError(f"the redirects do not end: {response.url}")
