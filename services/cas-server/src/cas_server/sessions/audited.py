"""Audit what a write has ended or begun, confirmed or not (docs/design/audit.md, rule 9)."""

from collections.abc import Awaitable, Callable

from cas_server.errors import Unconfirmed


async def audited(write: Awaitable[int], tell: Callable[[int], None]) -> int:
    """Return how many things a write has changed; have `tell` audit them, if there were any.

    An `Unconfirmed` write is audited too, and raised: the next attempt finds it made.
    """
    try:
        number = await write
    except Unconfirmed as error:
        if error.result:
            tell(error.result)
        raise
    if number:
        tell(number)
    return number
