"""Whose tokens are meant, and where a listing goes on."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple, Self

from cas_server.identities.identities import Identities
from cas_server.stores.redis_holdings import Index
from chassis.errors import NotFound

CURSOR = "^[^:]*:[^:]*:[0-9]{1,16}$"
"""The form of a cursor: no name has a colon."""
MAX_CURSOR = 530
"""Characters, of two names and a number. Bounds of names in the form would take 1 MiB of memory:
pydantic's regular expressions repeat a class of characters for each that it may match."""


class Cursor(NamedTuple):
    """The index at which a listing goes on, with what came before a score; after it with 0."""

    client_id: str
    user_name: str
    below: int

    def encode(self) -> str:
        """Return the text for the next request."""
        return ":".join(map(str, self))

    @classmethod
    def decode(cls, text: str) -> Self:
        """Read a text of this form."""
        client_id, user_name, below = text.split(":")
        return cls(client_id, user_name, int(below))


@dataclass(frozen=True, slots=True)
class Selection:
    """The clients and users that are meant, in order, and where to go on."""

    clients: tuple[str, ...]
    users: tuple[str, ...]
    client: str = ""
    user: str = ""
    after: Cursor | None = None

    @classmethod
    def of(
        cls, identities: Identities, *, client_id: str, user_name: str, cursor: str = ""
    ) -> Self:
        """Return a selection, of all without names; raise `NotFound` for an unknown name.

        What a client or user held who is gone or disabled is dead, and not listed.
        """
        if client_id and identities.client(client_id) is None:
            raise NotFound("There is no such client, or it is disabled: all that it held is dead")
        if user_name and identities.user(user_name) is None:
            raise NotFound("There is no such user, or it is disabled: all that it held is dead")
        return cls(
            (client_id,) if client_id else identities.client_ids(),
            (user_name,) if user_name else identities.user_names(),
            client_id,
            user_name,
            Cursor.decode(cursor) if cursor else None,
        )

    def of_tokens(self) -> Iterator[Index]:
        """Yield the indexes of access tokens, from the cursor on."""
        for client in self.clients:
            if self._is_to_come(index := Index(client)):
                yield index

    def of_families(self) -> Iterator[Index]:
        """Yield the indexes of families, from the cursor on."""
        first = self.after.client_id if self.after else ""
        for client in (name for name in self.clients if name >= first):
            for user in self.users:
                if self._is_to_come(index := Index(client, user)):
                    yield index

    def of_all(self) -> Iterator[Index]:
        """Yield all indexes: the sessions of each user, then what each client has."""
        first = self.after.client_id if self.after else ""
        clients = self.clients if self.client else ("", *self.clients)
        users = self.users if self.user else ("", *self.users)
        for client in (name for name in clients if name >= first):
            for user in users:
                if any(index := Index(client, user)) and self._is_to_come(index):
                    yield index

    def below(self, index: Index) -> int:
        """Return the score below which the members of an index are to come, 0 for all."""
        after = self.after
        return after.below if after and index == (after.client_id, after.user_name) else 0

    def _is_to_come(self, index: Index) -> bool:
        if self.after is None:
            return True
        client_id, user_name, below = self.after
        return index > (client_id, user_name) or (index == (client_id, user_name) and below > 0)
