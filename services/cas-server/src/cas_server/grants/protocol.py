"""What a grant is: a token request of an authenticated client in, an answer out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cas_server.clients import Client
from cas_server.identities import Identities
from cas_server.lineage import TokenAnswer
from cas_server.passwords import PasswordPool
from cas_server.settings import CasSettings
from cas_server.stores import TokenStore
from cas_server.throttle import Throttle
from chassis import LiveConfig


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """One request to the token endpoint; the form may hold secrets."""

    client: Client
    form: Mapping[str, str] = field(repr=False)
    address: str


@dataclass(frozen=True, slots=True)
class Issuing:
    """What grants issue with."""

    live: LiveConfig[CasSettings]
    identities: Identities
    passwords: PasswordPool
    throttle: Throttle
    store: TokenStore


class GrantType(Protocol):
    """One way to get tokens."""

    async def issue(self, request: TokenRequest) -> TokenAnswer:
        """Return the answer; raise an `OAuthError`."""
