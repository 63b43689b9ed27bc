"""What a request of administration has ended."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from typing import Self, TypeVar

from cas_server.administration.selection import Cursor
from cas_server.errors import Unconfirmed
from cas_server.stores.authorization_codes import AuthorizationCodes

_MOST_USERS = 1000
"""Users whose codes one script ends."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Ended:
    """How many ended, and where to go on; `failure` is why others did not.

    `codes` is the number of authorization codes that ended besides.
    """

    number: int
    next: Cursor | None = None
    failure: BaseException | None = None
    codes: int = 0

    def besides(self, codes: "Ended") -> Self:
        """Return the same with codes that ended before."""
        return replace(self, codes=codes.codes, failure=self.failure or codes.failure)


async def ended(
    items: Sequence[T], end: Callable[[T], Awaitable[None]], following: Cursor | None = None
) -> Ended:
    """End all in one turn of the event loop, so in one pipeline.

    What the primary has ended counts, confirmed or not (docs/design/audit.md).
    """
    results = await asyncio.gather(*map(end, items), return_exceptions=True)
    failures = [one for one in results if isinstance(one, BaseException)]
    missed = sum(not isinstance(failure, Unconfirmed) for failure in failures)
    return Ended(len(items) - missed, following, failures[0] if failures else None)


async def end_codes(codes: AuthorizationCodes, users: Sequence[str], client_id: str) -> Ended:
    """End the codes of users that wait for their use, of one client or, without, of all."""
    number, failure = 0, None
    for first in range(0, len(users), _MOST_USERS):
        try:
            number += await codes.end(users[first : first + _MOST_USERS], client_id)
        except Unconfirmed as error:
            number, failure = number + int(error.result), error
    return Ended(0, failure=failure, codes=number)
