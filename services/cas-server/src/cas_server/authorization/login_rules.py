"""Whether the user has to log in for a request (OpenID Connect Core, 3.1.2.1 and 3.1.2.3)."""

import time

from cas_server.authorization.authorization_request import AuthorizationRequest
from cas_server.sessions.session import Session

_ANEW = frozenset(("login", "select_account"))


def satisfying_session(
    request: AuthorizationRequest, session: Session | None, asked_at: int | None
) -> Session | None:
    """Return the session whose login satisfies a request; None where the user has to log in.

    `asked_at` is since when this server has asked for a new login, where the request demands one.
    """
    if session is None:
        return None
    if asked_at is not None and session.authenticated_at >= asked_at:
        return session
    if request.prompts & _ANEW or _is_too_old(request, session):
        return None
    return session


def _is_too_old(request: AuthorizationRequest, session: Session) -> bool:
    return request.max_age is not None and time.time() - session.authenticated_at > request.max_age
