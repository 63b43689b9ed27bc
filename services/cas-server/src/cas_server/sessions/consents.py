"""What a user allowed to a client, so that the question is asked once."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Self

from cas_server.identities.identities import Identities
from cas_server.identities.not_before import IdentityReconciler
from cas_server.sessions.audited import audited
from cas_server.settings import CasSettings
from cas_server.stores.session_store import ConsentStore
from cas_server.tokens.access_tokens import Grant, Stamp
from chassis import LiveConfig
from chassis.telemetry.audit import AuditEvent, audit

_FIELDS = 3


class AllowedScope(NamedTuple):
    """A scope, when the user was asked about it last, and when that ends; in Unix seconds."""

    name: str
    given_at: int
    ends_at: int


@dataclass(frozen=True, slots=True)
class Consent:
    """The scopes that a user allowed to a client, by name; each has its own end."""

    client_id: str
    allowed: tuple[AllowedScope, ...]
    user_fingerprint: str
    stamp: Stamp

    def encode(self) -> bytes:
        """Return the stored text."""
        fields = (self.allowed, self.user_fingerprint, self.stamp)
        return json.dumps(fields, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, client_id: str, text: bytes) -> Self:
        """Read a stored text; scopes that ended are left out."""
        fields = json.loads(text)
        # One of the form before, whose scopes had one end, counts as none.
        allowed, fingerprint, stamp = fields if len(fields) == _FIELDS else ((), "", (0, 0))
        now, scopes = time.time(), (AllowedScope(*one) for one in allowed)
        live = tuple(one for one in scopes if one.ends_at > now)
        return cls(client_id, live, fingerprint, Stamp(*stamp))

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return the names of the scopes."""
        return tuple(one.name for one in self.allowed)

    @property
    def given_at(self) -> int:
        """Return when the user was asked last."""
        return max(one.given_at for one in self.allowed)

    @property
    def ends_at(self) -> int:
        """Return when the first of the scopes ends; the user is asked about that again."""
        return min(one.ends_at for one in self.allowed)

    def grant(self, user_name: str) -> Grant:
        """Return the same as a grant, which dies as tokens do."""
        granted = Grant(self.client_id, self.scopes, (), (), user_name, self.user_fingerprint)
        return granted.stamped(self.stamp)


class Consents:
    """The consents of all users; every method raises `TemporarilyUnavailable` in an outage.

    One ends with its time, and where its user or client ends or changes (`not_before`).
    """

    def __init__(
        self,
        store: ConsentStore,
        identities: Identities,
        reconciler: IdentityReconciler,
        live: LiveConfig[CasSettings],
    ) -> None:
        self._store, self._identities, self._reconciler = store, identities, reconciler
        self._live = live

    async def list(self, user_name: str) -> Sequence[Consent]:
        """Return what a user allowed, by client."""
        version, texts = await self._store.of(user_name)
        await self._reconciler.follow(version)
        consents = (Consent.decode(client, text) for client, text in sorted(texts.items()))
        return [
            one
            for one in consents
            if one.allowed and self._identities.is_still_valid(one.grant(user_name))
        ]

    async def allowed(self, user_name: str, client_id: str) -> frozenset[str]:
        """Return the scopes that a user has allowed to a client."""
        return frozenset(one.name for one in await self._allowed(user_name, client_id))

    async def allow(self, user_name: str, client_id: str, scopes: Sequence[str]) -> None:
        """Add scopes to what a user allows to a client; raise `InvalidGrant` where either ended.

        Of those that were allowed before, these alone are renewed: the user saw no others.
        """
        moment = await self._reconciler.now()
        before = await self._allowed(user_name, client_id)
        user = self._identities.user(user_name)
        fingerprint = user.fingerprint if user is not None else ""
        validity, now = int(self._live.settings.session.consent_validity), int(time.time())
        shown = (AllowedScope(name, now, now + validity) for name in scopes)
        every = {one.name: one for one in (*before, *shown)}
        allowed = tuple(sorted(every.values()))

        async def write(stamp: Stamp) -> bool | None:
            consent = Consent(client_id, allowed, fingerprint, stamp)
            text, since = consent.encode(), stamp.since
            stored = self._store.allow(user_name, client_id, text, since=since, ttl=validity)
            return await stored or None

        def tell(_: int) -> None:
            scope = " ".join(sorted(scopes))
            audit(AuditEvent.CONSENT_GIVEN, user=user_name, client=client_id, scope=scope)

        grant = Grant(client_id, tuple(every), (), (), user_name, fingerprint)
        await audited(self._reconciler.issue(grant, write, load=moment.load), tell)

    async def withdraw(self, user_name: str, client_id: str) -> int:
        """Forget what a user allowed to a client, and end the codes and families that it has.

        Return how many of all these there were, for the caller to audit.
        """
        return await self._store.withdraw(user_name, client_id)

    async def _allowed(self, user_name: str, client_id: str) -> Sequence[AllowedScope]:
        consents = await self.list(user_name)
        return [scope for one in consents if one.client_id == client_id for scope in one.allowed]
