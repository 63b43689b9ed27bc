"""An authorization request (RFC 6749, 4.1.1; OpenID Connect Core, 3.1.2.1), read and validated."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from cas_server.authorization.parameters import Parameters
from cas_server.authorization.pkce import requested_challenge
from cas_server.authorization.redirect_uris import is_registered
from cas_server.errors import (
    InvalidScope,
    RequestNotSupported,
    RequestUriNotSupported,
    UnauthorizedClient,
    UnsafeRedirect,
    UnsupportedResponseType,
)
from cas_server.grant_names import AUTHORIZATION_CODE
from cas_server.grants.scopes import granted_scopes, scope_set
from cas_server.identities.clients import Client
from cas_server.identities.identities import Identities
from cas_server.oidc.scopes import OPENID
from chassis.errors import InvalidRequest
from chassis.normal_form import nfc

RESPONSE_TYPE, RESPONSE_MODE = "code", "query"
PROMPTS = ("none", "login", "consent", "select_account")
MAX_NONCE = 512
"""Characters of a nonce, which is stored with the code."""
_MAX_AGE_DIGITS = 9
_KNOWN = frozenset(
    (
        *("response_type", "response_mode", "client_id", "redirect_uri", "scope", "state"),
        *("code_challenge", "code_challenge_method", "nonce", "prompt", "max_age"),
        *("login_hint", "id_token_hint", "acr_values"),
    )
)
"""What goes with the user through the pages; anything else is ignored (RFC 6749, 3.1)."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where a response to a request may go: a registered redirect URI of a known client."""

    client: Client
    redirect_uri: str
    state: str | None

    @property
    def is_anybodys(self) -> bool:
        """Return whether any program of the user's could be there in the client's name.

        It has no secret, and a port of loopback or a scheme is whoever's takes it (RFC 8252, 8.6).
        """
        return self.client.public and not self.redirect_uri.startswith("https:")


@dataclass(frozen=True, slots=True)
class AuthorizationRequest:
    """A valid request; `parameters` are those it was made of, for the browser to bring back."""

    destination: Destination
    scopes: tuple[str, ...]
    code_challenge: str
    nonce: str
    prompts: frozenset[str]
    max_age: int | None
    login_hint: str
    id_token_hint: str = field(repr=False)
    acr_values: tuple[str, ...]
    parameters: Mapping[str, str] = field(repr=False)

    @property
    def client(self) -> Client:
        """Return the client that asks."""
        return self.destination.client


def destination_of(parameters: Parameters, identities: Identities) -> Destination:
    """Return where the response goes; raise `UnsafeRedirect`, which is told to the user alone.

    Anything else would make this server lead people to addresses of anybody's choice
    (RFC 6749, 4.1.2.1 and 10.15; RFC 9700, 4.11.2).
    """
    client_id, redirect_uri = parameters.destination()
    client = identities.client(nfc(client_id))
    if client is None:
        raise UnsafeRedirect("The application is not registered here")
    if not is_registered(redirect_uri, client.redirect_uris):
        raise UnsafeRedirect("The redirect_uri is not registered for this application")
    state = None if "state" in parameters.repeated else parameters.values.get("state")
    return Destination(client, redirect_uri, state)


def parse(parameters: Parameters, destination: Destination) -> AuthorizationRequest:
    """Return a valid request; raise an `ApiError` for the redirect URI (RFC 6749, 4.1.2.1)."""
    parameters.refuse_repeated()
    values, client = parameters.values, destination.client
    _refuse_unsupported(values)
    if AUTHORIZATION_CODE not in client.grant_types:
        raise UnauthorizedClient
    challenge, method = values.get("code_challenge"), values.get("code_challenge_method")
    return AuthorizationRequest(
        destination,
        scopes=_scopes(values.get("scope"), client),
        code_challenge=requested_challenge(challenge, method, is_required=client.requires_pkce),
        nonce=_nonce(values.get("nonce", "")),
        prompts=_prompts(values.get("prompt", "")),
        max_age=_max_age(values.get("max_age")),
        login_hint=values.get("login_hint", ""),
        id_token_hint=values.get("id_token_hint", ""),
        acr_values=tuple(values.get("acr_values", "").split()),
        parameters={name: value for name, value in values.items() if name in _KNOWN},
    )


def _refuse_unsupported(values: Mapping[str, str]) -> None:
    """Refuse what would change the meaning of the rest, were it ignored."""
    if "request" in values:
        raise RequestNotSupported
    if "request_uri" in values:
        raise RequestUriNotSupported
    response_type = values.get("response_type")
    if response_type is None:
        raise InvalidRequest("The parameter response_type is missing")
    if response_type != RESPONSE_TYPE:
        raise UnsupportedResponseType
    if values.get("response_mode", RESPONSE_MODE) != RESPONSE_MODE:
        raise InvalidRequest("The response_mode is not supported; send query, or none")


def _scopes(requested: str | None, client: Client) -> tuple[str, ...]:
    """Return the scopes to grant; in OpenID Connect unknown ones are ignored (Core, 3.1.2.1)."""
    if requested is not None and OPENID in (wanted := scope_set(requested)):
        if OPENID not in client.scopes:
            raise InvalidScope
        return tuple(scope for scope in client.scopes if scope in wanted)
    return granted_scopes(requested, client.scopes)


def _nonce(nonce: str) -> str:
    if len(nonce) > MAX_NONCE:
        raise InvalidRequest(f"The nonce has more than {MAX_NONCE} characters")
    return nonce


def _prompts(prompt: str) -> frozenset[str]:
    prompts = frozenset(prompt.split())
    if not prompts <= frozenset(PROMPTS):
        raise InvalidRequest("The prompt is unknown; see prompt_values_supported in the metadata")
    if "none" in prompts and len(prompts) > 1:
        raise InvalidRequest("The prompt none can't be combined with another")
    return prompts


def _max_age(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > _MAX_AGE_DIGITS:
        raise InvalidRequest("The max_age is not a number of seconds")
    return int(text)
