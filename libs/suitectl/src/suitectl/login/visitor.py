"""A visitor of the login pages: keeps cookies, sends forms, and follows redirects by hand."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from suitectl.errors import CommandFailedError, TokenRefusedError
from suitectl.login.authorization import Authorization
from suitectl.login.page import PageForm
from suitectl.platform.http import NO_RESPONSE, Reply, Request, Sender

Step = Callable[[str, str, int, str], None]
"""Told of each request: method, path, status, and what it led to."""
_COOKIE = re.compile(r"(?:^|, )([!-~]+?)=([^;,]*)")
_SEE_OTHER, _OK = 303, 200
_MOST_STEPS = 12
_LOGOUT = "/logout"


@dataclass
class Visitor:
    """Somebody at the pages of the cas-server at `base`."""

    http: Sender
    base: str
    told: Step
    _cookies: dict[str, str] = field(default_factory=dict)

    async def authorize(self, request: Authorization, user: str, password: str) -> str:
        """Log in, allow what the client asks for, and return the address of its response."""
        method, path, form = "GET", request.path(user), None
        for _ in range(_MOST_STEPS):
            reply = await self._send(method, path, form)
            location = reply.headers.get("location", "")
            if reply.status == _SEE_OTHER and request.is_answered_by(location):
                self._tell(method, path, reply, f"back to {request.client}, with a code")
                return location
            if reply.status == _SEE_OTHER:
                self._tell(method, path, reply, f"on to {location.partition('?')[0]}")
                method, path, form = "GET", location, None
                continue
            page = PageForm.of(reply.body)
            if reply.status != _OK or not page.action:
                raise TokenRefusedError(f"{reply.status} {page.alert or reply.body[:200]}")
            asks = "password" in page.fields
            self._tell(method, path, reply, "asks who you are" if asks else "asks what it may do")
            filled = {"username": user, "password": password} if asks else {"decision": "allow"}
            method, path, form = "POST", page.action, {**page.fields, **filled}
        raise TokenRefusedError("the pages lead round and round")

    async def log_out(self) -> Reply:
        """End the session at its page, and return what that says."""
        shown = await self._send("GET", _LOGOUT, None)
        if shown.status != _OK:
            return shown
        page = PageForm.of(shown.body)
        reply = await self._send("POST", page.action or _LOGOUT, page.fields)
        self._tell("POST", _LOGOUT, reply, "logged out")
        return reply

    async def _send(self, method: str, path: str, form: Mapping[str, str] | None) -> Reply:
        if not path.startswith("/"):
            raise TokenRefusedError(f"the pages lead to {path}")
        cookie = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        headers = {"Accept": "text/html", "Cookie": cookie}
        reply = await self.http.send(Request(method, self.base + path, form=form, headers=headers))
        if reply.status == NO_RESPONSE:
            raise CommandFailedError(f"cas-server did not respond: {reply.body}")
        for name, value in _COOKIE.findall(reply.headers.get("set-cookie", "")):
            self._cookies[name] = value
            if not value:
                del self._cookies[name]
        return reply

    def _tell(self, method: str, path: str, reply: Reply, what: str) -> None:
        self.told(method, path.partition("?")[0], reply.status, what)
