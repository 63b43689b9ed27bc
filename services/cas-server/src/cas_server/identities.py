"""Clients and users of the active configuration, swapped together at each reload."""

from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from cas_server.clients import Client, client_registry
from cas_server.settings import CasSettings
from cas_server.tokens import StoredToken
from cas_server.users import User, user_directory
from chassis import LiveConfig
from chassis.config import Snapshot
from chassis.config.demo import demo_secret
from chassis.normal_form import nfc

_log = structlog.get_logger("cas_server.identities")


@dataclass(frozen=True, slots=True)
class _Both:
    clients: Mapping[str, Client]
    users: Mapping[str, User]
    most_secrets: int


class Identities:
    """Who exists now; every look-up sees the latest reload."""

    def __init__(self, live: LiveConfig[CasSettings]) -> None:
        self._live, self._now = live, _both(live.settings)
        live.on_change(self._apply)
        _warn_of_password_grant(self._now.clients)

    def client(self, client_id: str) -> Client | None:
        """Return a client, if it exists."""
        return self._now.clients.get(client_id)

    def user(self, name: str) -> User | None:
        """Return a user, if there is one who may log in."""
        return self._now.users.get(name)

    def is_demo(self, name: str, secret: str) -> bool:
        """Say whether under this profile a secret is refused because everyone knows it."""
        return "prod" in self._live.current.profiles and nfc(secret) == demo_secret(name)

    @property
    def most_secrets(self) -> int:
        """Return how many secrets the client with the most has: the cost of any refusal."""
        return self._now.most_secrets

    def stands(self, token: StoredToken) -> bool:
        """Say whether those for whom a token was issued are still there and unchanged."""
        now = self._now
        if token.client_id not in now.clients:
            return False
        if not token.user_name:
            return True
        user = now.users.get(token.user_name)
        return user is not None and user.fingerprint == token.user_fingerprint

    def _apply(self, snapshot: Snapshot[CasSettings]) -> None:
        self._now = _both(snapshot.settings)


def _both(settings: CasSettings) -> _Both:
    clients = client_registry(settings)
    most = max((len(client.secrets) for client in clients.values()), default=1)
    return _Both(clients, user_directory(settings), max(most, 1))


def _warn_of_password_grant(clients: Mapping[str, Client]) -> None:
    """Say at each start who still uses what RFC 9700, 2.4 forbids for new use."""
    names = sorted(name for name, client in clients.items() if "password" in client.grant_types)
    if names:
        _log.warning(
            "the password grant is allowed; RFC 9700 forbids it for new use", clients=names
        )
