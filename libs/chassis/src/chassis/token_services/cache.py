"""Checked tokens, kept for moments: concurrent checks of one token are one call."""

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from chassis.config.live import LiveConfig, Snapshot
from chassis.config.sections import OAuth2ResourceSettings
from chassis.errors import InvalidToken
from chassis.security.authentication import Authentication, TokenServices
from chassis.single_flight import SingleFlight

V = TypeVar("V")


class CachedTokenServices:
    """Keep a yes for `cache-ttl`, never beyond the token's expiry, a no for `negative-cache-ttl`.

    Both are read at each look-up, so that a reload counts at once; 0 turns keeping off. Each
    kind has its own bound, so that made-up tokens can't push good ones out. The keys are
    digests: a dump of this process' memory has no token in it that is not in use.
    """

    def __init__(self, inner: TokenServices, live: LiveConfig[Any]) -> None:
        self._inner = inner
        self._live = live
        self._security = live.settings.security
        self._yes: _Kept[Authentication] = _Kept()
        self._no: _Kept[InvalidToken] = _Kept()
        self._flights: SingleFlight[bytes, Authentication] = SingleFlight()
        live.on_change(self._apply)

    async def authenticate(self, token: str) -> Authentication:
        """Return what was kept, or check the token."""
        key = hashlib.sha256(token.encode()).digest()
        resource: OAuth2ResourceSettings = self._live.settings.security.oauth2.resource
        kept = self._yes.get(key, ttl=resource.cache_ttl)
        if kept is not None and _lives(kept):
            return kept
        refused = self._no.get(key, ttl=resource.negative_cache_ttl)
        if refused is not None:
            raise refused.again()
        return await self._flights.run(key, lambda: self._check(key, token))

    async def aclose(self) -> None:
        """Close what is behind the cache, and forget what it said."""
        self._clear()
        await self._inner.aclose()

    async def _check(self, key: bytes, token: str) -> Authentication:
        asked_at = time.monotonic()
        resource: OAuth2ResourceSettings = self._live.settings.security.oauth2.resource
        try:
            authentication = await self._inner.authenticate(token)
        except InvalidToken as error:
            self._yes.drop(key)
            if resource.negative_cache_ttl:
                # Not the error itself: its traceback would keep the request and the token.
                self._no.put(key, error.again(), asked_at, bound=resource.cache_size)
            raise
        # What was asked under other rules must not be kept under the new ones.
        if resource.cache_ttl and resource is self._live.settings.security.oauth2.resource:
            self._yes.put(key, authentication, asked_at, bound=resource.cache_size)
        return authentication

    def _apply(self, snapshot: Snapshot[Any]) -> None:
        if snapshot.settings.security != self._security:
            self._security = snapshot.settings.security
            self._clear()

    def _clear(self) -> None:
        self._yes.clear()
        self._no.clear()


@dataclass(frozen=True, slots=True)
class _Entry(Generic[V]):
    value: V
    asked_at: float


class _Kept(Generic[V]):
    """A bounded number of values, oldest out first; ages count from when they were asked for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._entries: OrderedDict[bytes, _Entry[V]] = OrderedDict()
        self._clock = clock

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: bytes, *, ttl: float) -> V | None:
        entry = self._entries.get(key)
        if entry is None:
            return None
        if self._clock() - entry.asked_at < ttl:
            return entry.value
        del self._entries[key]
        return None

    def put(self, key: bytes, value: V, asked_at: float, *, bound: int) -> None:
        self._entries[key] = _Entry(value, asked_at)
        self._entries.move_to_end(key)
        while len(self._entries) > bound:
            self._entries.popitem(last=False)

    def drop(self, key: bytes) -> None:
        self._entries.pop(key, None)

    def clear(self) -> None:
        self._entries.clear()


def _lives(authentication: Authentication) -> bool:
    return authentication.expires_at is None or time.time() < authentication.expires_at
