"""A short cache of checked tokens; concurrent checks of one token share one call."""

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
    """Cache valid tokens for `cache-ttl`, at most until they expire; others for the negative TTL.

    The TTLs are read at each look-up, so that a reload takes effect at once; 0 disables a cache.
    Valid and invalid tokens have separate limits, so that forged tokens can't evict valid ones.
    The keys are digests: a memory dump contains only tokens in use.
    """

    def __init__(self, inner: TokenServices, live: LiveConfig[Any]) -> None:
        self._inner = inner
        self._live = live
        self._security = live.settings.security
        self._valid: _TtlCache[Authentication] = _TtlCache()
        self._rejected: _TtlCache[InvalidToken] = _TtlCache()
        self._flights: SingleFlight[tuple[bytes, int], Authentication] = SingleFlight()
        live.on_change(self._apply)

    def remembered(self, token: str) -> Authentication | None:
        """Return the cached result; None where the token must be checked.

        Raises `InvalidToken` where it was refused.
        """
        if not self._valid and not self._rejected:
            return None
        key, resource = _key(token), self._resource
        cached = self._valid.get(key, ttl=resource.cache_ttl)
        if cached is not None and _is_current(cached):
            return cached
        rejected = self._rejected.get(key, ttl=resource.negative_cache_ttl)
        if rejected is not None:
            raise rejected.again()
        return None

    async def authenticate(self, token: str) -> Authentication:
        """Return the cached result, or check the token."""
        known = self.remembered(token)
        if known is not None:
            return known
        ttl = self._resource.cache_ttl
        if not ttl:
            return await self._check(token)
        # A call that began longer ago than the TTL says no more than a cached result of that age.
        period = int(time.monotonic() / ttl)
        return await self._flights.run((_key(token), period), lambda: self._check(token))

    @property
    def _resource(self) -> OAuth2ResourceSettings:
        resource: OAuth2ResourceSettings = self._live.settings.security.oauth2.resource
        return resource

    async def aclose(self) -> None:
        """Clear the cache, and close the token services behind it."""
        self._clear()
        await self._inner.aclose()

    async def _check(self, token: str) -> Authentication:
        asked_at, resource = time.monotonic(), self._resource
        try:
            authentication = await self._inner.authenticate(token)
        except InvalidToken as error:
            key = _key(token)
            self._valid.drop(key)
            if resource.negative_cache_ttl:
                # Not the error itself: its traceback references the request and the token.
                self._rejected.put(key, error.again(), asked_at, bound=resource.cache_size)
            raise
        # A result under old settings must not be cached under new ones.
        if resource.cache_ttl and resource is self._resource:
            self._valid.put(_key(token), authentication, asked_at, bound=resource.cache_size)
        return authentication

    def _apply(self, snapshot: Snapshot[Any]) -> None:
        if snapshot.settings.security != self._security:
            self._security = snapshot.settings.security
            self._clear()

    def _clear(self) -> None:
        self._valid.clear()
        self._rejected.clear()


@dataclass(frozen=True, slots=True)
class _Entry(Generic[V]):
    value: V
    asked_at: float


class _TtlCache(Generic[V]):
    """A bounded number of values, the oldest evicted first; ages count from the request."""

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


def _key(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def _is_current(authentication: Authentication) -> bool:
    return authentication.expires_at is None or time.time() < authentication.expires_at
