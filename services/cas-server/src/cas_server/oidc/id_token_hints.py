"""`id_token_hint`: an id_token that comes back, which says of whom and for whom it was."""

from typing import NamedTuple

from cas_server.forms import MAX_TOKEN
from cas_server.settings import CasSettings
from cas_server.signing.signing_keys import SigningKeys
from chassis import LiveConfig
from chassis.jwt.compact import MalformedJwtError, SignedJwt, read_jwt


class Hint(NamedTuple):
    """What a verified id_token says; `session` is its `sid`, empty without one."""

    client_id: str
    subject: str
    session: str


class IdTokenHints:
    """Verifies hints with the keys that are published, those that sign no longer included."""

    def __init__(self, live: LiveConfig[CasSettings], keys: SigningKeys) -> None:
        self._live, self._keys = live, keys

    def read(self, text: str) -> Hint | None:
        """Return what an id_token of this server says; None for any other text.

        An expired one is accepted: it names somebody, and gives no access (OIDC Core, 3.1.2.1;
        RP-Initiated Logout, 2).
        """
        if len(text) > MAX_TOKEN:
            return None
        try:
            jwt = read_jwt(text)
            claims = jwt.claims() if self._is_ours(jwt) else {}
        except MalformedJwtError:
            return None
        # A signed access token may have the same `typ`; RFC 9068, 2.2 gives it a client_id.
        if claims.get("iss") != self._live.settings.issuer or "client_id" in claims:
            return None
        client_id, subject, session = (claims.get(name, "") for name in ("aud", "sub", "sid"))
        named = isinstance(client_id, str) and isinstance(subject, str)
        return Hint(client_id, subject, str(session)) if named and client_id and subject else None

    def _is_ours(self, jwt: SignedJwt) -> bool:
        """Return whether a published key has signed it, as an id_token."""
        key = self._keys.published(jwt.key_id)
        if jwt.type != "jwt" or key is None or key.algorithm != jwt.algorithm:
            return False
        return key.verifies(jwt.signed, jwt.signature)
