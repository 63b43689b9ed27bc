"""Which scopes a request gets."""

from cas_server.errors import InvalidScope


def granted_scopes(requested: str | None, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Return the requested scopes, all allowed ones where none is named; raise `InvalidScope`."""
    if requested is None:
        return allowed
    wanted = scope_set(requested)
    if not wanted or not wanted <= set(allowed):
        raise InvalidScope
    return tuple(scope for scope in allowed if scope in wanted)


def scope_set(text: str) -> set[str]:
    """Read a `scope` parameter: tokens separated by spaces, in any order (RFC 6749, 3.3)."""
    return set(text.split(" ")) - {""}
