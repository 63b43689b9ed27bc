"""Whether the user has to log in for a request (OpenID Connect Core, 3.1.2.1 and 3.1.2.3)."""

import time
from dataclasses import dataclass

from cas_server.authorization.authorization_request import AuthorizationRequest
from cas_server.errors import LoginRequired
from cas_server.oidc.claims import subject_of
from cas_server.oidc.id_token_hints import IdTokenHints
from cas_server.sessions.session import Session

_ANEW = frozenset(("login", "select_account"))


@dataclass(frozen=True, slots=True)
class LoginRules:
    """Decides by `prompt`, `max_age` and `id_token_hint`."""

    hints: IdTokenHints

    def satisfying(
        self, request: AuthorizationRequest, session: Session | None, asked_after: str | None
    ) -> Session | None:
        """Return the session whose login satisfies a request; None where the user has to log in.

        `asked_after` is the session after which this server has asked for another one, where the
        request demands that. Raises `LoginRequired` where only another user's login came of it.
        """
        subject = self._hinted(request)
        if session is None:
            return None
        is_new = asked_after not in (None, session.handle)
        if subject is not None and subject_of(session.user_name) != subject:
            if is_new:
                raise LoginRequired("Another user has logged in than the id_token_hint names")
            return None
        if is_new:
            return session
        if request.prompts & _ANEW or _is_too_old(request, session):
            return None
        return session

    def _hinted(self, request: AuthorizationRequest) -> str | None:
        """Return whom the hint names; None where it names nobody.

        A hint that can't be verified, because its key is gone, is no reason to send a user away;
        without a page there is nobody to ask, and the session could be anybody's.
        """
        if not request.id_token_hint:
            return None
        hint = self.hints.read(request.id_token_hint)
        if hint is not None and hint.client_id == request.client.id:
            return hint.subject
        if "none" in request.prompts:
            raise LoginRequired("The id_token_hint is none that this application got here")
        return None


def _is_too_old(request: AuthorizationRequest, session: Session) -> bool:
    return request.max_age is not None and time.time() - session.authenticated_at > request.max_age
