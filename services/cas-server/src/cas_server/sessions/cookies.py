"""The cookies of the pages (RFC 6265): names, attributes, and how they are read.

Under an https issuer a name begins with `__Host-`: a browser takes it from this host alone, over
TLS, for every path. So no other host of the same domain can put one there.
"""

from starlette.requests import HTTPConnection
from starlette.types import Scope

_LONGEST = 128
"""Characters of a value that are looked at; ours have 43."""


class Cookie:
    """A cookie that pages of the same site send, and no script reads."""

    def __init__(self, name: str) -> None:
        self._name = name

    def read(self, scope: Scope, *, secure: bool) -> str | None:
        """Return the value that the browser sent; None for one of another form."""
        found = HTTPConnection(scope).cookies.get(self._full_name(secure))
        return found if found and len(found) <= _LONGEST and found.isascii() else None

    def set(self, value: str, *, secure: bool) -> str:
        """Return the header that sets it until the browser ends."""
        return f"{self._full_name(secure)}={value}; {_attributes(secure)}"

    def clear(self, *, secure: bool) -> str:
        """Return the header that deletes it."""
        return f"{self._full_name(secure)}=; Max-Age=0; {_attributes(secure)}"

    def _full_name(self, secure: bool) -> str:  # noqa: FBT001 - private, and one argument
        return f"__Host-{self._name}" if secure else self._name


def _attributes(secure: bool) -> str:  # noqa: FBT001 - private, and one argument
    return "Path=/; HttpOnly; SameSite=Lax" + ("; Secure" if secure else "")


SESSION = Cookie("session")
FORM = Cookie("form")
"""What forms are bound to before there is a session: see `csrf`."""
