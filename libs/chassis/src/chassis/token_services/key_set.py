"""The authorization server's keys (RFC 7517), fetched by its service name and cached.

Cached keys stay in use during an outage. They are renewed before anybody has to wait, and an
unknown key id causes a fetch, but at most one in five seconds for all requests: anybody can make
key ids up.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import structlog

from chassis.client.caller import Caller
from chassis.client.errors import ServiceUnavailable
from chassis.client.target import Endpoint
from chassis.config.live import LiveConfig
from chassis.errors import TemporarilyUnavailable
from chassis.single_flight import SingleFlight
from chassis.transport import RawRequest

if TYPE_CHECKING:
    from chassis.jwt.keys import SignatureKey

RENEW_S, STALE_S = 120.0, 600.0
"""The age at which keys are renewed in the background, and at which a request waits for it."""
PAUSE_S, FIRST_PAUSE_S = 5.0, 1.0
"""The shortest time between fetches, with cached keys and without."""
_OK = 200
_UNKNOWN = "The keys of the authorization server can't be fetched now; try again"

_log = structlog.get_logger("chassis.security")


class KeySet:
    """The keys at `security.oauth2.resource.jwk.key-set-uri`, by their ids."""

    def __init__(
        self,
        live: LiveConfig[Any],
        caller: Caller,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._live, self._caller, self._clock = live, caller, clock
        self._uri: str | None = None
        self._forget()
        self._fetching: SingleFlight[str, None] = SingleFlight()
        self._background: set[asyncio.Task[None]] = set()

    async def find(self, key_id: str) -> "SignatureKey | None":
        """Return a key; None for an id that the server does not publish.

        Raises `TemporarilyUnavailable` where it can't be told, because a fetch has failed.
        """
        uri = self._live.settings.security.oauth2.resource.jwk.key_set_uri
        if uri != self._uri:
            self._uri = uri
            self._forget()
        age = self._clock() - self._fetched_at
        if key_id not in self._keys or (age >= STALE_S and not self._failed):
            await self._fetch_if_due()
        elif age >= RENEW_S:
            self._renew()
        key = self._keys.get(key_id)
        if key is None and self._failed:
            raise TemporarilyUnavailable(_UNKNOWN)
        return key

    async def aclose(self) -> None:
        """Cancel what runs in the background."""
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)

    def _forget(self) -> None:
        self._keys: Mapping[str, SignatureKey] = {}
        self._fetched_at = self._asked_at = float("-inf")
        self._failed = False

    def _renew(self) -> None:
        """Fetch in the background, if it is due."""
        if self._is_due():
            task = asyncio.create_task(self._fetch_if_due(), name="key-set")
            self._background.add(task)
            task.add_done_callback(self._background.discard)

    async def _fetch_if_due(self) -> None:
        """Fetch, or wait for the fetch under way; return at once in the pause after one."""
        uri = str(self._uri)
        if self._is_due() or len(self._fetching):
            await self._fetching.run(uri, lambda: self._fetch(uri))

    def _is_due(self) -> bool:
        pause = PAUSE_S if self._keys else FIRST_PAUSE_S
        return self._clock() - self._asked_at >= pause

    async def _fetch(self, uri: str) -> None:
        """Replace the keys; after a failure those that are cached stay."""
        asked_at = self._asked_at = self._clock()
        try:
            keys = await self._fetched(uri)
        except (ServiceUnavailable, ValueError) as error:
            if uri == self._uri:
                self._failed = True
            _log.warning("no key set fetched", uri=uri, reason=str(error), cached=len(self._keys))
            return
        if uri == self._uri:
            self._keys, self._fetched_at, self._failed = keys, asked_at, False

    async def _fetched(self, uri: str) -> "Mapping[str, SignatureKey]":
        from chassis.jwt.keys import read_key_set  # noqa: PLC0415 - 11 MiB, for JWTs alone

        endpoint, request = _request(uri)
        response = await self._caller.call(endpoint.target, request, idempotent=True)
        if response.status != _OK:
            raise ValueError(f"an unexpected status, {response.status}")
        return read_key_set(response.body)


@lru_cache(maxsize=8)
def _request(uri: str) -> tuple[Endpoint, RawRequest]:
    endpoint = Endpoint.parse(uri)
    headers = [(b"Host", endpoint.host), (b"Accept", b"application/json")]
    return endpoint, RawRequest(b"GET", endpoint.path, headers)
