"""Rotation at once: the next keys sign before the time in their names.

The not-before table of Redis has an entry for each such key, `key:` and its id, with the time at
which it was told to sign. So every replica learns of it as of an identity that ends, with its next
look-up, and a store that has lost the entry gets it again from any replica
(docs/design/administration.md, "What rotates").
"""

from collections.abc import Awaitable, Callable, Sequence
from collections.abc import Set as AbstractSet

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


def is_mounted(keys: SigningKeys, name: str) -> bool:
    """Return whether an entry is that of a key which is mounted."""
    return name.startswith(_ENTRY) and keys.published(name.removeprefix(_ENTRY)) is not None


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
        # A key that signs before its time, as the first one, would sign again when that comes.
        told = (*following, *self._keys.first_to_come())

        def entered(names: AbstractSet[str]) -> None:
            rotated([one for one in following if _ENTRY + one.key.id in names])

        await self._reconciler.enter([_ENTRY + one.key.id for one in told], entered)
