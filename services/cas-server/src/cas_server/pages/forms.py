"""What the forms of the pages share: their bodies, and the cookie before there is a session."""

from collections.abc import Mapping

from starlette.types import Receive, Scope

from cas_server.forms import read_form
from cas_server.sessions.cookies import FORM
from cas_server.sessions.session import new_cookie
from chassis.errors import MethodNotAllowed


async def sent_form(scope: Scope, receive: Receive) -> Mapping[str, str] | None:
    """Return the form of a POST, None for a GET; raise `MethodNotAllowed` for anything else."""
    if scope["method"] == "GET":
        return None
    if scope["method"] == "POST":
        return (await read_form(scope, receive)).parameters
    raise MethodNotAllowed("Send a GET or a POST", headers={"Allow": "GET, HEAD, POST"})


def form_cookie(scope: Scope, *, secure: bool) -> tuple[str, tuple[str, ...]]:
    """Return what the forms of this browser are bound to, and the cookies to set for it."""
    known = FORM.read(scope, secure=secure)
    if known is not None:
        return known, ()
    fresh = new_cookie()
    return fresh, (FORM.set(fresh, secure=secure),)
