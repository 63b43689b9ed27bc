"""Begin, find, list and end sessions; each dies as a token does (`not_before`)."""

import time
from collections.abc import Sequence

from starlette.requests import HTTPConnection
from starlette.types import Scope

from cas_server.errors import InvalidGrant
from cas_server.identities.identities import Identities
from cas_server.identities.not_before import IdentityReconciler, Moment
from cas_server.identities.users import User
from cas_server.sessions.audited import audited
from cas_server.sessions.cookies import SESSION
from cas_server.sessions.devices import device
from cas_server.sessions.session import Session, cookie_hash, new_cookie
from cas_server.settings import CasSettings
from cas_server.stores.session_store import Limits, SessionStore, Stored
from chassis import LiveConfig
from chassis.telemetry.audit import AuditEvent, audit

_CURRENT = "session"
_UNKNOWN = object()


class Sessions:
    """The sessions of all users; every method raises `TemporarilyUnavailable` in an outage."""

    def __init__(
        self,
        store: SessionStore,
        identities: Identities,
        reconciler: IdentityReconciler,
        live: LiveConfig[CasSettings],
    ) -> None:
        self._store, self._identities, self._reconciler = store, identities, reconciler
        self._live = live

    async def current(self, scope: Scope) -> Session | None:
        """Return the session of a request, which counts as its use; the same for all who ask."""
        state = scope.setdefault("state", {})
        if state.get(_CURRENT, _UNKNOWN) is _UNKNOWN:
            state[_CURRENT] = await self._current(scope)
        found: Session | None = state[_CURRENT]
        return found

    def has_cookie(self, scope: Scope) -> bool:
        """Return whether a request has the cookie of a session, perhaps one that has ended."""
        return SESSION.read(scope, secure=self.secure) is not None

    async def begin(self, user: User, moment: Moment, scope: Scope) -> str:
        """Begin a session for a user who was authenticated at a moment; return its `Set-Cookie`.

        It has a new identifier, and the session that the browser had before ends (OWASP ASVS 5.0,
        7.2.4). Raises `InvalidGrant` where the user has changed since the moment.
        """
        settings = self._live.settings.session
        limits = Limits(int(settings.idle), int(settings.validity), settings.max_per_user)
        before = SESSION.read(scope, secure=self.secure)
        replaced = cookie_hash(before) if before else None
        cookie = new_cookie()
        hashed = cookie_hash(cookie)
        agent = device(HTTPConnection(scope).headers.get("user-agent", ""))

        async def write(now: Moment) -> bool | None:
            since = now.version if now.load == moment.load else moment.version
            if not self._identities.is_user_still(user.name, user.fingerprint, since):
                raise InvalidGrant("The user has changed meanwhile")
            session = Session.new(
                hashed, user, longest=limits.longest, since=now.version, device=agent
            )
            stored = Stored(hashed, session.encode(), session.seen_at)
            begun = self._store.begin(
                user.name, stored, limits, since=now.version, replaced=replaced
            )
            return await begun or None

        await self._reconciler.write(write)
        return SESSION.set(cookie, secure=self.secure)

    async def list(self, user_name: str) -> Sequence[Session]:
        """Return a user's sessions, the one used last first."""
        version, found = await self._store.of(user_name)
        await self._reconciler.follow(version)
        live = [session for one in found if (session := self._live_one(one)) is not None]
        return sorted(live, key=lambda session: session.seen_at, reverse=True)

    async def end(self, user_name: str, handle: str) -> bool:
        """End one session of a user by its handle; return whether there was one."""
        _, found = await self._store.of(user_name)
        hashes = [one.hash for one in found if _decoded(one).handle == handle]
        return await self._end(user_name, hashes) > 0

    async def end_all(self, user_name: str, *, but: str = "") -> int:
        """End all sessions of a user but the one with this handle; return how many."""
        _, found = await self._store.of(user_name)
        hashes = [one.hash for one in found if _decoded(one).handle != but]
        return await self._end(user_name, hashes)

    async def end_current(self, scope: Scope) -> str:
        """End the session of a request, if it has one; return the header that deletes its cookie.

        A cookie of a session that is over already is deleted as well.
        """
        session = await self.current(scope)
        if session is not None:
            await self._end(session.user_name, [session.hash])
            scope["state"][_CURRENT] = None
        return SESSION.clear(secure=self.secure)

    @property
    def secure(self) -> bool:
        """Return whether browsers come over TLS, as the issuer says."""
        return self._live.settings.issuer.startswith("https:")

    async def _current(self, scope: Scope) -> Session | None:
        cookie = SESSION.read(scope, secure=self.secure)
        if cookie is None:
            return None
        idle = int(self._live.settings.session.idle)
        version, found = await self._store.use(cookie_hash(cookie), idle=idle)
        await self._reconciler.follow(version)
        return None if found is None else self._live_one(found)

    async def _end(self, user_name: str, hashes: Sequence[str]) -> int:
        def tell(ended: int) -> None:
            audit(AuditEvent.SESSION_ENDED, user=user_name, sessions=ended)

        return await audited(self._store.end(user_name, hashes), tell)

    def _live_one(self, stored: Stored) -> Session | None:
        """Return a stored session unless it or its user has ended."""
        session = _decoded(stored)
        if session.ends_at <= time.time():
            return None
        name, fingerprint = session.user_name, session.user_fingerprint
        return session if self._identities.is_user_still(name, fingerprint, session.since) else None


def _decoded(stored: Stored) -> Session:
    return Session.decode(stored.hash, stored.text, seen_at=stored.seen_at)
