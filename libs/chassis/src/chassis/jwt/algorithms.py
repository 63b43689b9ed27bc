"""The signature algorithms (RFC 7518, 3.1; RFC 8037, 3.1), each for one type of key."""

from typing import Literal, get_args

Algorithm = Literal["ES256", "EdDSA", "RS256"]
ALGORITHMS: tuple[Algorithm, ...] = get_args(Algorithm)
