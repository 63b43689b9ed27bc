"""Rotation at once: the next keys sign before the time in their names.

The not-before table of Redis has an entry for each such key, `key:` and its id, with the time at
which it was told to sign. So every replica learns of it as of an identity that ends, with its next
look-up. Without the entry the time in the name counts again
(docs/design/decisions/signing-keys.md).
"""

from collections.abc import Awaitable, Callable, Sequence

from cas_server.errors import Unconfirmed
from cas_server.identities.identities import Identities
from cas_server.identities.not_before import IdentityReconciler
from cas_server.signing.key_files import MountedKey
from cas_server.signing.signing_keys import SigningKeys
from chassis.errors import NotFound

_ENTRY = "key:"
_MICROSECONDS = 1_000_000


class ToldToSign:
    """The keys that were told to sign."""

    def __init__(self, identities: Identities) -> None:
        self._identities = identities

    def since(self, key_id: str) -> float | None:
        """Return since when (Unix seconds) a key signs whatever its name says; None if it waits."""
        told = self._identities.not_before.times.get(_ENTRY + key_id)
        return None if told is None else told / _MICROSECONDS


class KeyRotation:
    """Has the next keys sign now, at every replica; `follow` reads what others have changed."""

    def __init__(
        self,
        keys: SigningKeys,
        reconciler: IdentityReconciler,
        follow: Callable[[], Awaitable[None]],
    ) -> None:
        self._keys, self._reconciler, self.follow = keys, reconciler, follow

    async def rotate(self, rotated: Callable[[Sequence[MountedKey]], None]) -> None:
        """Rotate, and call `rotated` with the keys that sign from now on, as soon as Redis knows.

        Raises `NotFound` where none is to come.
        """
        await self.follow()
        following = self._keys.following()
        if not following:
            raise NotFound(
                "No signing key is to come: mount the next one first, with a time to come in its"
                " name (make secrets ROTATE=keys)"
            )
        try:
            await self._reconciler.enter(_ENTRY + one.key.id for one in following)
        except Unconfirmed as error:
            # It may be lost with a failover, and is done until then.
            rotated(following if error.result else ())
            raise
        rotated(following)
