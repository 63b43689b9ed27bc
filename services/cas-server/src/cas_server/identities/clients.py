"""The registered clients: one immutable registry per configuration snapshot."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from cas_server.grant_names import PASSWORD
from cas_server.identities.registration import OF_ID_TOKENS, ClientRegistration, JwtType
from cas_server.identities.users import fingerprint
from cas_server.settings import CasSettings
from cas_server.stores.token_store import Bounds
from chassis.jwt.algorithms import Algorithm

_PUBLIC = ("public",)
"""The mark of a client without secrets: one that gets a secret is another client."""


class JwtForm(NamedTuple):
    """How a client's access tokens are signed, and their `typ`."""

    algorithm: Algorithm
    type: JwtType


@dataclass(frozen=True, slots=True)
class Client:
    """A client as the endpoints see it; validities in seconds.

    `jwt` is None where its access tokens are opaque. A `public` client has no secrets.
    """

    id: str
    secrets: tuple[str, ...] = field(repr=False)
    grant_types: frozenset[str]
    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    authorities: tuple[str, ...]
    access_validity: int
    refresh_validity: int
    bounds: Bounds
    checks_tokens: bool
    checks_for: frozenset[str]
    fingerprints: tuple[str, ...]
    jwt: JwtForm | None = None
    public: bool = False
    redirect_uris: tuple[str, ...] = ()
    post_logout_redirect_uris: tuple[str, ...] = ()
    requires_pkce: bool = True
    requires_consent: bool = True
    id_token_algorithm: Algorithm = OF_ID_TOKENS

    def may_check(self, audience: tuple[str, ...]) -> bool:
        """Return whether the client may learn of a token for this audience."""
        return not self.checks_for.isdisjoint(audience)


def client_registry(settings: CasSettings) -> Mapping[str, Client]:
    """Build the registry; a disabled client is left out, like a deleted one."""
    return {
        name: _client(name, registration, settings)
        for name, registration in settings.clients.items()
        if registration.enabled
    }


def _client(name: str, registration: ClientRegistration, settings: CasSettings) -> Client:
    chosen = registration.check_for
    access = registration.access_token_validity_seconds
    refresh = registration.refresh_token_validity_seconds
    return Client(
        id=name,
        secrets=registration.client_secret,
        grant_types=_grant_types(name, registration, settings),
        scopes=registration.scope,
        audience=registration.resource_ids,
        authorities=registration.authorities,
        access_validity=access or int(settings.access_token_validity),
        refresh_validity=refresh or int(settings.refresh_token_validity),
        bounds=Bounds(
            tokens=registration.max_tokens or settings.max_tokens_per_client,
            families=registration.max_families_per_user or settings.max_families_per_user,
        ),
        checks_tokens=registration.check_tokens,
        checks_for=frozenset((name,) if chosen is None else chosen),
        fingerprints=_fingerprints(registration),
        jwt=_jwt_form(registration, settings),
        public=registration.public,
        redirect_uris=registration.redirect_uris,
        post_logout_redirect_uris=registration.post_logout_redirect_uris,
        requires_pkce=registration.require_pkce,
        requires_consent=registration.require_consent,
        id_token_algorithm=registration.id_token_signed_response_alg,
    )


def _fingerprints(registration: ClientRegistration) -> tuple[str, ...]:
    secrets = registration.client_secret
    return _PUBLIC if registration.public else tuple(sorted(map(fingerprint, secrets)))


def _jwt_form(registration: ClientRegistration, settings: CasSettings) -> JwtForm | None:
    if (registration.token_format or settings.token_format) == "opaque":
        return None
    algorithm = registration.signing_alg or settings.signing_alg
    return JwtForm(algorithm, registration.jwt_type or settings.jwt_type)


def _grant_types(
    name: str, registration: ClientRegistration, settings: CasSettings
) -> frozenset[str]:
    """Return the allowed grants; `password` needs the allow-list as well (RFC 9700, 2.4)."""
    allowed = frozenset(registration.authorized_grant_types)
    return allowed if name in settings.password_grant_clients else allowed - {PASSWORD}
