"""Authorization codes (RFC 6749, 4.1.2): 256 random bits that are exchanged once, within 60 s.

Redis has the SHA-256 of a code, and a sealed record of what it stands for.
"""

import json
from dataclasses import dataclass, replace
from typing import Any, Self

from cas_server.tokens.access_tokens import Grant, Stamp, new_token
from cas_server.tokens.logins import Login

VALIDITY_S = 60
"""RFC 6749, 4.1.2 allows ten minutes; a browser's redirect needs one second."""
SPENT_S = 600
"""How long a spent code is remembered, so that a second use is recognised."""
new_code = new_token
_GRANT = ("client_id", "scopes", "user_name", "user_fingerprint", "since", "client_since", "login")
_OWN = ("redirect_uri", "code_challenge", "nonce", "session")


@dataclass(frozen=True, slots=True)
class AuthorizationCode:
    """What a code stands for.

    `session` is the handle of the session in which it was issued. The authorities and audience of
    `grant` are looked up when the code is exchanged.
    """

    grant: Grant
    redirect_uri: str
    code_challenge: str
    nonce: str
    session: str

    def stamped(self, stamp: Stamp) -> Self:
        """Return the same, issued now."""
        return replace(self, grant=self.grant.stamped(stamp))

    def encode(self) -> bytes:
        """Return the stored text."""
        fields = [getattr(self.grant, name) for name in _GRANT]
        fields += [getattr(self, name) for name in _OWN]
        return json.dumps(fields, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, text: bytes) -> Self:
        """Read a stored text."""
        fields = json.loads(text)
        granted: dict[str, Any] = dict(zip(_GRANT, fields, strict=False))
        granted |= {"scopes": tuple(granted["scopes"]), "login": Login(*granted["login"])}
        return cls(Grant(audience=(), authorities=(), **granted), *fields[len(_GRANT) :])
