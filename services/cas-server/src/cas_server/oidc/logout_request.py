"""A request to log out (OpenID Connect RP-Initiated Logout 1.0, 2), read and validated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from cas_server.authorization.redirect_uris import is_registered
from cas_server.errors import UnsafeRedirect
from cas_server.identities.clients import Client
from cas_server.identities.identities import Identities
from cas_server.oidc.id_token_hints import Hint, IdTokenHints
from chassis.normal_form import nfc

_KNOWN = ("id_token_hint", "client_id", "post_logout_redirect_uri", "state")
"""What goes with the user through the page; `logout_hint` and `ui_locales` change nothing here."""


@dataclass(frozen=True, slots=True)
class LogoutRequest:
    """Who is to be logged out, as far as the request proves it, and where that leads.

    `subject` is that of a verified id_token, None without one; `redirect_uri` a registered one,
    empty where the browser stays here. `parameters` are those it was made of.
    """

    client: Client | None
    subject: str | None
    redirect_uri: str
    state: str
    parameters: Mapping[str, str] = field(repr=False)

    @classmethod
    def of(cls, values: Mapping[str, str], identities: Identities, hints: IdTokenHints) -> Self:
        """Read the parameters; raise `UnsafeRedirect`, which is told to the user alone.

        A hint of another server counts for nothing: then the user is asked, and without
        a client the address counts for nothing either (RP-Initiated Logout, 3).
        """
        hint = hints.read(values.get("id_token_hint", ""))
        client = _client(values.get("client_id"), hint, identities)
        wanted = values.get("post_logout_redirect_uri", "")
        if client is None:
            wanted = ""
        elif wanted and not is_registered(wanted, client.post_logout_redirect_uris):
            reason = "The post_logout_redirect_uri is not registered for this application"
            raise UnsafeRedirect(reason)
        return cls(
            client,
            hint.subject if hint else None,
            wanted,
            values.get("state", ""),
            {name: values[name] for name in _KNOWN if name in values},
        )


def _client(name: str | None, hint: Hint | None, identities: Identities) -> Client | None:
    """Return the client that asks, None where nothing says so."""
    if name is None:
        return identities.client(hint.client_id) if hint else None
    client = identities.client(nfc(name))
    if client is None:
        raise UnsafeRedirect("The application is not registered here")
    if hint and hint.client_id != client.id:
        raise UnsafeRedirect("The id_token_hint was issued to another application")
    return client
