"""Where a login leads: back to an authorization request, or to the user's account, nowhere else."""

from dataclasses import dataclass
from urllib.parse import parse_qs

from cas_server.authorization.redirect_uris import is_registered
from cas_server.identities.clients import Client
from cas_server.identities.identities import Identities
from chassis.errors import InvalidRequest
from chassis.normal_form import nfc

ACCOUNT = "/account"
_AUTHORIZE = "/oauth/authorize?"
_LONGEST = 16 * 1024
"""Characters; a request line has at most 64 KiB, and twice encoded it is up to three times that."""
_MOST_FIELDS = 64


@dataclass(frozen=True, slots=True)
class ReturnAddress:
    """A path of this server, and what the request there says of the application and the user."""

    path: str = ACCOUNT
    client: Client | None = None
    redirect_uri: str = ""
    login_hint: str = ""


def return_address(text: str, identities: Identities) -> ReturnAddress:
    """Read the parameter `return`; raise `InvalidRequest` for any other address.

    Otherwise the login page would lead people wherever a link says (RFC 9700, 4.11).
    """
    if text in ("", ACCOUNT):
        return ReturnAddress()
    if len(text) > _LONGEST or not _is_plain(text) or not text.startswith(_AUTHORIZE):
        raise InvalidRequest("The parameter return is no address to which a login leads")
    try:
        query = parse_qs(text.removeprefix(_AUTHORIZE), max_num_fields=_MOST_FIELDS)
    except ValueError as error:
        raise InvalidRequest("The parameter return has too many parameters") from error
    client = identities.client(nfc(_single(query, "client_id")))
    redirect_uri = _single(query, "redirect_uri")
    if client is None or not is_registered(redirect_uri, client.redirect_uris):
        # The authorization endpoint says what is wrong; here nobody is named.
        return ReturnAddress(text)
    return ReturnAddress(text, client, redirect_uri, _single(query, "login_hint"))


def _is_plain(text: str) -> bool:
    """Return whether a browser reads the text as the path that it looks like."""
    return text.isascii() and text.isprintable() and not set(text) & set(" \\#")


def _single(query: dict[str, list[str]], name: str) -> str:
    return query.get(name, [""])[0]
