"""What a user allowed to a client, so that the question is asked once."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from cas_server.identities.identities import Identities
from cas_server.identities.not_before import IdentityReconciler
from cas_server.settings import CasSettings
from cas_server.stores.session_store import ConsentStore
from cas_server.tokens.access_tokens import Grant, Stamp
from chassis import LiveConfig
from chassis.telemetry.audit import AuditEvent, audit


@dataclass(frozen=True, slots=True)
class Consent:
    """The scopes that a user allowed to a client; times in Unix seconds."""

    client_id: str
    scopes: tuple[str, ...]
    given_at: int
    ends_at: int
    user_fingerprint: str
    stamp: Stamp

    def encode(self) -> bytes:
        """Return the stored text."""
        fields = (self.scopes, self.given_at, self.ends_at, self.user_fingerprint, self.stamp)
        return json.dumps(fields, separators=(",", ":")).encode()

    @classmethod
    def decode(cls, client_id: str, text: bytes) -> Self:
        """Read a stored text."""
        scopes, given_at, ends_at, fingerprint, stamp = json.loads(text)
        return cls(client_id, tuple(scopes), given_at, ends_at, fingerprint, Stamp(*stamp))

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
            if one.ends_at > time.time() and self._identities.is_still_valid(one.grant(user_name))
        ]

    async def allowed(self, user_name: str, client_id: str) -> frozenset[str]:
        """Return the scopes that a user has allowed to a client."""
        found = (one for one in await self.list(user_name) if one.client_id == client_id)
        return frozenset(scope for one in found for scope in one.scopes)

    async def allow(self, user_name: str, client_id: str, scopes: Sequence[str]) -> None:
        """Add scopes to what a user allows to a client; raise `InvalidGrant` where either ended."""
        before = await self.allowed(user_name, client_id)
        every = tuple(sorted(before.union(scopes)))
        user = self._identities.user(user_name)
        fingerprint = user.fingerprint if user is not None else ""
        validity, now = int(self._live.settings.session.consent_validity), int(time.time())

        async def write(stamp: Stamp) -> bool | None:
            consent = Consent(client_id, every, now, now + validity, fingerprint, stamp)
            text, since = consent.encode(), stamp.since
            stored = self._store.allow(user_name, client_id, text, since=since, ttl=validity)
            return await stored or None

        grant = Grant(client_id, every, (), (), user_name, fingerprint)
        moment = await self._reconciler.now()
        await self._reconciler.issue(grant, write, load=moment.load)
        audit(AuditEvent.CONSENT_GIVEN, user=user_name, client=client_id, scope=" ".join(every))

    async def withdraw(self, user_name: str, client_id: str) -> None:
        """Forget what a user allowed to a client, and end the families that it has for the user."""
        await self._store.withdraw(user_name, client_id)
        audit(AuditEvent.CONSENT_WITHDRAWN, user=user_name, client=client_id)
