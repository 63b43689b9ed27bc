"""Forms come from our own pages (CSRF; OWASP's "signed double-submit cookie").

A form's token is a MAC over what the browser alone has: the session or, before there is one, a
cookie of its own. Beside that the browser says from where a form is sent, where it can.
"""

from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import Scope

from cas_server.errors import FormOutdated
from cas_server.settings import CasSettings
from cas_server.tokens.record_keys import RecordKeys
from chassis import LiveConfig

FIELD = "csrf"
_OURS = frozenset(("same-origin", "none"))
_FOREIGN = "The form was sent from another site; open this page itself"


class FormGuard:
    """Makes and checks the tokens of forms."""

    def __init__(self, keys: RecordKeys, live: LiveConfig[CasSettings]) -> None:
        self._keys, self._live = keys, live

    def token(self, purpose: str, bound_to: str) -> str:
        """Return the token of a form for one purpose, of the browser that has `bound_to`."""
        return self._keys.mac(_message(purpose, bound_to)).hex()

    def check(self, scope: Scope, purpose: str, bound_to: str | None, token: str | None) -> None:
        """Raise `FormOutdated` for a form that this browser did not get from us."""
        self.refuse_foreign(scope)
        if not bound_to or not self._is_ours(token or "", _message(purpose, bound_to)):
            raise FormOutdated

    def refuse_foreign(self, scope: Scope) -> None:
        """Raise `FormOutdated` where the browser names another site as the sender.

        Browsers older than Sec-Fetch-Site send Origin; who sends neither is no browser.
        """
        headers = Headers(scope=scope)
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        if site is not None:
            ours = site in _OURS
        else:
            ours = origin is None or origin in self._origins(headers.get("host", ""))
        if not ours:
            raise FormOutdated(_FOREIGN)

    def _origins(self, host: str) -> frozenset[str]:
        """Return the origins of this server: the issuer's, and that of the request."""
        issuer = urlsplit(self._live.settings.issuer)
        return frozenset((f"{issuer.scheme}://{issuer.netloc}", f"{issuer.scheme}://{host}"))

    def _is_ours(self, token: str, message: bytes) -> bool:
        try:
            return self._keys.verify(bytes.fromhex(token), message)
        except ValueError:
            return False


def _message(purpose: str, bound_to: str) -> bytes:
    """Return what is authenticated; no record's key begins so."""
    return f"form\0{purpose}\0{bound_to}".encode()
