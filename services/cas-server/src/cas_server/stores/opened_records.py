"""Records of access tokens whose MAC was verified: the same bytes are not verified again."""

from collections.abc import Callable, Sequence
from contextvars import Context
from typing import NamedTuple

from cas_server.bounded_dict import BoundedDict
from cas_server.tokens.access_tokens import StoredToken
from cas_server.tokens.record_keys import RecordKeys

_MOST = 1024


class _Opened(NamedTuple):
    """A record, and by which keys it was opened."""

    sealed: bytes
    keys: Sequence[bytes]
    token: StoredToken


class OpenedRecords:
    """Opens records, and remembers the newest ones by their Redis keys."""

    def __init__(self, keys: RecordKeys) -> None:
        self._keys = keys
        self._known: BoundedDict[bytes, _Opened] = BoundedDict(_MOST)

    def __len__(self) -> int:
        return len(self._known)

    def open(
        self,
        name: bytes,
        sealed: bytes,
        decode: Callable[[bytes], StoredToken | None],
        context: Context,
    ) -> StoredToken | None:
        """Return the token of a record; None for a record that no key of ours seals.

        `context` is that of the request, which the audit names.
        """
        known = self._known.get(name)
        if known is not None and known.sealed == sealed and known.keys is self._keys.all:
            return known.token
        text = context.run(self._keys.open, name, sealed)
        token = None if text is None else decode(text)
        if token is not None:
            self._known[name] = _Opened(sealed, self._keys.all, token)
        return token
