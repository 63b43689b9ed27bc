"""Proof Key for Code Exchange (RFC 7636), S256 alone: `plain` protects from nothing that leaks.

The client sends the SHA-256 of a secret with the request, and the secret with the code. So a
stolen code is of no use (RFC 9700, 2.1.1).
"""

import base64
import hashlib
import hmac
import re

from cas_server.errors import InvalidGrant
from chassis.errors import InvalidRequest

METHOD = "S256"
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
"""A SHA-256 in base64url."""
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")
"""RFC 7636, 4.1."""
_WRONG = "The code_verifier is not that of the code_challenge"


def requested_challenge(challenge: str | None, method: str | None, *, is_required: bool) -> str:
    """Return the challenge of a request, empty where it has none; raise `InvalidRequest`."""
    if challenge is None:
        if is_required or method is not None:
            raise InvalidRequest("The parameter code_challenge is missing (PKCE, RFC 7636)")
        return ""
    # Without a method it would be `plain` (RFC 7636, 4.3).
    if method != METHOD:
        raise InvalidRequest("The code_challenge_method has to be S256")
    if not _CHALLENGE.fullmatch(challenge):
        raise InvalidRequest("The code_challenge is not a SHA-256 in base64url")
    return challenge


def challenge_of(verifier: str) -> str:
    """Return the challenge of a verifier (RFC 7636, 4.2)."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def verify(challenge: str, verifier: str | None) -> None:
    """Raise `InvalidGrant` unless the verifier is that of the challenge (RFC 7636, 4.6).

    A verifier for a code without a challenge is refused: somebody has removed the challenge from
    the request (RFC 9700, 4.8.2).
    """
    if not challenge and verifier is None:
        return
    if not challenge or verifier is None or not _VERIFIER.fullmatch(verifier):
        raise InvalidGrant(_WRONG)
    if not hmac.compare_digest(challenge, challenge_of(verifier)):
        raise InvalidGrant(_WRONG)
