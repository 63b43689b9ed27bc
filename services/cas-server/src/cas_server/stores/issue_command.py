"""Access tokens that are issued in one turn of the event loop: one script for each client."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from cas_server.stores import identity_commands
from cas_server.stores.token_scripts import ISSUE


class Issue(NamedTuple):
    """An access token as it is stored under `name`; `most` bounds its client's tokens."""

    client_id: str
    most: int
    name: bytes
    since: int
    sealed: bytes
    ttl: int


def tokens_of(client_id: str) -> str:
    """Return the Redis key of the index of a client's access tokens."""
    return f"g:t:{client_id}"


def by_client(issues: Sequence[Issue]) -> Mapping[str, Sequence[int]]:
    """Return the places of the issues of each client."""
    places: dict[str, list[int]] = {}
    for place, issue in enumerate(issues):
        places.setdefault(issue.client_id, []).append(place)
    return places


def command(issues: Sequence[Issue]) -> tuple[Any, ...]:
    """Return the command that issues all of these tokens of one client."""
    first, names = issues[0], (issue.name for issue in issues)
    keys = (identity_commands.VERSION, tokens_of(first.client_id), *names)
    values = (value for issue in issues for value in issue[3:])
    return ("EVAL", ISSUE, len(keys), *keys, first.most, *values)
