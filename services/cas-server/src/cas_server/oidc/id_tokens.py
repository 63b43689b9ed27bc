"""id_tokens (OIDC Core, 2): signed statements to a client about who logged in, when and how."""

import base64
import hashlib
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from cas_server.identities.clients import Client
from cas_server.oidc.claims import subject_of
from cas_server.oidc.scopes import OPENID
from cas_server.settings import CasSettings
from cas_server.signing.signing_keys import SigningKeys
from cas_server.tokens.access_tokens import Grant
from cas_server.tokens.logins import BY_PASSWORD, Login
from chassis import LiveConfig
from chassis.errors import TemporarilyUnavailable
from chassis.jwt.algorithms import Algorithm

ID_TOKEN_TYPE = "JWT"  # noqa: S105 - a type; access tokens have another one by default
_NO_KEY = "The key that signs id_tokens is gone; try again"
_METHODS: Mapping[str, list[str]] = {BY_PASSWORD: ["pwd"]}
"""`amr` (RFC 8176) by `acr`."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What an id_token says of a login.

    `nonce` is that of the authorization request; `session` names the browser's session here as
    `sid` (Front-Channel Logout, 3), and opens nothing. Either may be empty.
    """

    user_name: str
    login: Login
    nonce: str = ""
    session: str = field(default="", repr=False)


class IdTokens:
    """Makes id_tokens with the algorithm that a client is registered for."""

    def __init__(self, live: LiveConfig[CasSettings], keys: SigningKeys) -> None:
        self._live, self._keys = live, keys

    def for_grant(
        self, client: Client, grant: Grant, *, nonce: str = "", session: str = ""
    ) -> Callable[[str], str] | None:
        """Return what makes the id_token that goes with an access token; None where none does.

        It goes with tokens of a login here with the scope `openid` (OIDC Core, 3.1.3.3 and 12.2).
        """
        if grant.login is None or OPENID not in grant.scopes:
            return None
        return partial(self.new, client, Statement(grant.user_name, grant.login, nonce, session))

    def new(self, client: Client, statement: Statement, access_token: str) -> str:
        """Return an id_token; raise `TemporarilyUnavailable` where a reload removed its key."""
        now, algorithm, login = time.time(), client.id_token_algorithm, statement.login
        claims: dict[str, Any] = {
            "iss": self._live.settings.issuer,
            "sub": subject_of(statement.user_name),
            "aud": client.id,
            "exp": math.ceil(now + client.access_validity),
            "iat": int(now),
            "auth_time": login.at,
            "acr": login.acr,
            "amr": _METHODS.get(login.acr),
            "nonce": statement.nonce,
            "sid": statement.session,
            "at_hash": half_hash(algorithm, access_token),
        }
        present = {name: value for name, value in claims.items() if value}
        try:
            return self._keys.sign(algorithm, ID_TOKEN_TYPE, present)
        except LookupError:
            raise TemporarilyUnavailable(_NO_KEY) from None


def half_hash(algorithm: Algorithm, text: str) -> str:
    """Return the left half of a text's hash, in base64url (OIDC Core, 3.1.3.6).

    The hash is that of the signature's algorithm; Ed25519 has SHA-512 (RFC 8032, 5.1).
    """
    digest = (hashlib.sha512 if algorithm == "EdDSA" else hashlib.sha256)(text.encode()).digest()
    return base64.urlsafe_b64encode(digest[: len(digest) // 2]).rstrip(b"=").decode()
