"""Which scopes a request gets."""

from cas_server.errors import InvalidScope


def granted_scopes(requested: str | None, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the requested scopes, all allowed ones where none is named; raise `InvalidScope`.

    RFC 6749, 3.3: scope tokens are separated by spaces, their order is of no meaning.
    """
    if requested is None:
        return allowed
    wanted = set(requested.split(" ")) - {""}
    if not wanted or not wanted <= set(allowed):
        raise InvalidScope
    return tuple(scope for scope in allowed if scope in wanted)
