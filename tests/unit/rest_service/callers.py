"""Callers of the services under test. A caller's token is its name."""

from chassis import Authentication
from chassis.testing import StaticTokenServices

CALLERS = (
    Authentication(
        client_id="demo-app",
        user_name="alice",
        scopes=frozenset({"read", "write"}),
        authorities=frozenset({"ROLE_USER"}),
    ),
    Authentication(
        client_id="demo-app",
        user_name="admin",
        scopes=frozenset({"read", "write"}),
        authorities=frozenset({"ROLE_USER", "ROLE_ADMIN"}),
    ),
    Authentication(client_id="read-only-app", scopes=frozenset({"read"})),
    Authentication(client_id="write-only-app", scopes=frozenset({"write"})),
)


def known_tokens() -> StaticTokenServices:
    """Return token services that know the callers of this module."""
    return StaticTokenServices({caller.name: caller for caller in CALLERS})
