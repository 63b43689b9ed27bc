"""Access tokens that are issued in one turn of the event loop: one script for each client."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from cas_server.stores import identity_commands
from cas_server.stores.token_scripts import ISSUE


class Issue(NamedTuple):
    """An access token as it is stored; `most` is the bound of its client's tokens."""

    client_id: str
    most: int
    since: int
    token_hash: str
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
    first = issues[0]
    keys = (identity_commands.VERSION, tokens_of(first.client_id), *_names(issues))
    return ("EVAL", ISSUE, len(keys), *keys, first.most, *_values(issues))


def _names(issues: Sequence[Issue]) -> Iterator[str]:
    return (f"t:{issue.token_hash}" for issue in issues)


def _values(issues: Sequence[Issue]) -> Iterator[Any]:
    for issue in issues:
        yield from issue[2:]
