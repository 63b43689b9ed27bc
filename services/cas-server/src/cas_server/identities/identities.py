"""Clients and users of the active configuration, swapped together at each reload."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import structlog

from cas_server.grant_names import PASSWORD
from cas_server.identities.clients import Client, client_registry
from cas_server.identities.users import User, user_directory
from cas_server.settings import CasSettings
from cas_server.tokens.access_tokens import Grant, StoredToken
from chassis import LiveConfig
from chassis.config import Snapshot
from chassis.config.settings import demo_secret
from chassis.normal_form import nfc

_REFRESH = "refresh_token"
_log = structlog.get_logger("cas_server.identities")


Issued = StoredToken | Grant
"""What was issued: an access token, or the grant of a family."""


@dataclass(frozen=True, slots=True)
class NotBefore:
    """The versions of the identities from which on issued tokens are valid.

    `clients` has the version since which each client is the one of this load. A replica with an
    older load still issues tokens to the client before, which is another one.
    """

    latest: int = 0
    times: Mapping[str, int] = field(default_factory=dict)
    """By name of the entry."""
    clients: Mapping[str, int] = field(default_factory=dict)
    """By client id; a client that is missing has never changed."""

    def admits(self, issued: Issued) -> bool:
        """Return whether its client, user and grant have not ended since it was issued."""
        if self.clients.get(issued.client_id, 0) != issued.client_since:
            return False
        return issued.since >= self.latest or all(
            self.times.get(name, 0) <= issued.since for name in _names(issued)
        )

    def admits_user(self, name: str, since: int) -> bool:
        """Return whether a user has not ended since this version."""
        return since >= self.latest or self.times.get(f"user:{name}", 0) <= since


@dataclass(frozen=True, slots=True)
class _Registries:
    clients: Mapping[str, Client]
    users: Mapping[str, User]
    most_secrets: int


class Identities:
    """The current clients and users; every look-up sees the latest reload."""

    def __init__(self, live: LiveConfig[CasSettings]) -> None:
        self._live, self._now = live, _registries(live.settings)
        self.not_before = NotBefore()
        """The not-before times of the store; see `not_before`."""
        live.on_change(self._apply)
        _warn(self._now.clients)

    def client(self, client_id: str) -> Client | None:
        """Return a client, if it exists."""
        return self._now.clients.get(client_id)

    def user(self, name: str) -> User | None:
        """Return a user, if there is one who may log in."""
        return self._now.users.get(name)

    def client_ids(self) -> tuple[str, ...]:
        """Return the ids of all clients, sorted."""
        return tuple(sorted(self._now.clients))

    def user_names(self) -> tuple[str, ...]:
        """Return the names of all users who may log in, sorted."""
        return tuple(sorted(self._now.users))

    def is_demo(self, name: str, secret: str) -> bool:
        """Return whether this profile refuses a secret because it is public."""
        return "prod" in self._live.current.profiles and nfc(secret) == demo_secret(name)

    @property
    def most_secrets(self) -> int:
        """Return the largest number of secrets of one client: what any refusal costs."""
        return self._now.most_secrets

    @property
    def longest_validity(self) -> int:
        """Return the longest lifetime, in seconds, of what is issued now."""
        clients = self._now.clients.values()
        return max((max(c.access_validity, c.refresh_validity) for c in clients), default=0)

    def is_still_valid(self, issued: Issued) -> bool:
        """Return whether its client, user and grant exist, and have since it was issued."""
        now = self._now
        client = now.clients.get(issued.client_id)
        if client is None or not self.not_before.admits(issued):
            return False
        if issued.grant_type and not {issued.grant_type, _REFRESH} <= client.grant_types:
            return False
        if not issued.user_name:
            return True
        user = now.users.get(issued.user_name)
        return user is not None and user.fingerprint == issued.user_fingerprint

    def is_user_still(self, name: str, fingerprint: str, since: int) -> bool:
        """Return whether a user exists, and has with this fingerprint since this version."""
        user = self._now.users.get(name)
        if user is None or user.fingerprint != fingerprint:
            return False
        return self.not_before.admits_user(name, since)

    def marks(self) -> dict[str, str]:
        """Return each identity's marks; one that has none of its old marks left is another."""
        marks = {f"user:{user.name}": user.fingerprint for user in self._now.users.values()}
        for client in self._now.clients.values():
            marks[f"client:{client.id}"] = ",".join(client.fingerprints)
            marks |= {_grant_name(grant, client.id): "allowed" for grant in client.grant_types}
        return marks

    def _apply(self, snapshot: Snapshot[CasSettings]) -> None:
        self._now = _registries(snapshot.settings)


def _names(issued: Issued) -> Iterable[str]:
    """Return the names of the entries of those for whom something was issued."""
    yield f"client:{issued.client_id}"
    if issued.user_name:
        yield f"user:{issued.user_name}"
    if issued.grant_type:
        yield _grant_name(issued.grant_type, issued.client_id)
        yield _grant_name(_REFRESH, issued.client_id)


def _grant_name(grant_type: str, client_id: str) -> str:
    return f"grant:{grant_type}:{client_id}"


def _registries(settings: CasSettings) -> _Registries:
    clients = client_registry(settings)
    most = max((len(client.secrets) for client in clients.values()), default=1)
    return _Registries(clients, user_directory(settings), max(most, 1))


def _warn(clients: Mapping[str, Client]) -> None:
    """Name at each start the clients that do what RFC 9700 forbids or leaves to them."""
    names = sorted(name for name, client in clients.items() if PASSWORD in client.grant_types)
    if names:
        _log.warning(
            "the password grant is allowed; RFC 9700 forbids it for new use", clients=names
        )
    names = sorted(name for name, client in clients.items() if not client.requires_pkce)
    if names:
        _log.warning(
            "PKCE is not required; RFC 9700, 2.1.1 leaves it to the client's nonce", clients=names
        )
