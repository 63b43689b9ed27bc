"""The applications that can act for a user whether they asked or not: by refresh tokens."""

from collections.abc import Sequence
from typing import NamedTuple

from cas_server.administration.holdings import MOST_RECORDS, Administration, HeldFamily
from cas_server.administration.selection import Selection


class StandingAccess(NamedTuple):
    """What an application may do by the refresh tokens that it has; times in Unix seconds."""

    client_id: str
    scopes: tuple[str, ...]
    since: int
    ends_at: int


async def standing_access(
    administration: Administration, user_name: str
) -> Sequence[StandingAccess]:
    """Return the access that applications have to a user, by client; of families the newest."""
    selection = Selection.of(administration.identities, client_id="", user_name=user_name)
    page = await administration.families(selection, MOST_RECORDS)
    by_client: dict[str, list[HeldFamily]] = {}
    for held in page.items:
        by_client.setdefault(held.state.family.grant.client_id, []).append(held)
    return [_of(client_id, families) for client_id, families in sorted(by_client.items())]


def _of(client_id: str, families: Sequence[HeldFamily]) -> StandingAccess:
    scopes = {scope for held in families for scope in held.state.family.grant.scopes}
    return StandingAccess(
        client_id,
        tuple(sorted(scopes)),
        min(held.issued_at for held in families),
        max(held.state.family.ends_at for held in families),
    )
