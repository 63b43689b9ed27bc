"""What a JWT says in its header, which is no secret."""

import base64
import json
from collections.abc import Mapping

_PARTS = 3


def is_signed(token: str) -> bool:
    """Return whether a token is a JWT."""
    return len(token.split(".")) == _PARTS


def algorithm_and_key(token: str) -> Mapping[str, str]:
    """Return the header of a JWT: `alg`, `kid` and `typ`."""
    head = token.partition(".")[0]
    header: Mapping[str, str] = json.loads(base64.urlsafe_b64decode(head + "=" * (-len(head) % 4)))
    return header
