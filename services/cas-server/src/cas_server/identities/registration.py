"""How a client is registered: the names of the seed stack, and of RFC 7591 for what came later."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from cas_server.authorization.redirect_uris import fault_of
from cas_server.grant_names import AUTHORIZATION_CODE, GRANT_NAMES, OF_PUBLIC_CLIENTS
from cas_server.oidc.scopes import OPENID
from cas_server.passwords.hashing import is_hash
from chassis.config import NameList, Section
from chassis.jwt.algorithms import Algorithm


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else value


def _known_hash(stored: str) -> str:
    if not is_hash(stored):
        raise ValueError("is not a hash; make one with cas-server hash-secret or new-client")
    return stored


Hash = Annotated[str, AfterValidator(_known_hash)]
"""What `cas-server hash-secret`, `hash-password` or `new-client` printed."""

Secrets = Annotated[
    tuple[Hash, ...], BeforeValidator(_one_or_more), Field(max_length=2, repr=False)
]
"""Hashes of one secret, or of two while one is rotated."""


TokenFormat = Literal["opaque", "jwt"]
SPRING_TYPE = "JWT"
"""The `typ` that Spring's JWT decoders accept as they come; RFC 9068 demands the other one."""
JwtType = Literal["at+jwt", "JWT"]
LONGEST_JWT = 86_400
"""Seconds that a signed token lives at most: who verifies it alone learns of no revocation."""

OF_ID_TOKENS: Algorithm = "RS256"
"""The algorithm of id_tokens that every client of OpenID Connect reads (Core, 15.1)."""


class ClientRegistration(Section):
    """A registered client, with the names of the seed stack.

    `resource_ids` is the audience of its tokens; `check_for` the audiences it may check. A public
    client (RFC 6749, 2.1) has `token_endpoint_auth_method: none` and no secret.
    """

    # Before what depends on it: validation is in this order.
    token_endpoint_auth_method: Literal["none"] | None = None
    client_secret: Secrets = Field(default=(), validate_default=True)
    authorized_grant_types: NameList = ()
    redirect_uris: NameList = Field(default=(), validate_default=True)
    post_logout_redirect_uris: NameList = ()
    scope: NameList = ()
    require_pkce: bool = True
    require_consent: bool = True
    resource_ids: NameList
    authorities: NameList = ("ROLE_CLIENT",)
    access_token_validity_seconds: int | None = Field(default=None, ge=1)
    refresh_token_validity_seconds: int | None = Field(default=None, ge=1)
    max_tokens: int | None = Field(default=None, ge=1)
    max_families_per_user: int | None = Field(default=None, ge=1)
    check_tokens: bool = False
    check_for: NameList | None = None
    token_format: TokenFormat | None = None
    signing_alg: Algorithm | None = None
    jwt_type: JwtType | None = None
    id_token_signed_response_alg: Algorithm = OF_ID_TOKENS
    enabled: bool = True

    @property
    def public(self) -> bool:
        """Return whether the client can keep no secret."""
        return self.token_endpoint_auth_method is not None

    @property
    def needs_id_tokens(self) -> bool:
        """Return whether users log in at the client by OpenID Connect."""
        return OPENID in self.scope and AUTHORIZATION_CODE in self.authorized_grant_types

    @field_validator("client_secret")
    @classmethod
    def _has_secret(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if _is_public(info):
            if value:
                raise ValueError("is set, but token-endpoint-auth-method is none")
        elif not value:
            raise ValueError("is missing; run cas-server new-client, which prints a registration")
        return value

    @field_validator("authorized_grant_types")
    @classmethod
    def _has_known_grants(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not set(value) <= set(GRANT_NAMES):
            known = ", ".join(GRANT_NAMES)
            raise ValueError(f"has an unknown grant type; this server supports {known}")
        if _is_public(info) and not set(value) <= set(OF_PUBLIC_CLIENTS):
            known = ", ".join(OF_PUBLIC_CLIENTS)
            raise ValueError(f"has a grant that needs a secret; a public client may have {known}")
        return value

    @field_validator("redirect_uris", "post_logout_redirect_uris")
    @classmethod
    def _has_safe_uris(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for uri in value:
            if fault := fault_of(uri):
                raise ValueError(fault)
        return value

    @field_validator("redirect_uris")
    @classmethod
    def _has_uri(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if not value and AUTHORIZATION_CODE in info.data.get("authorized_grant_types", ()):
            raise ValueError("is missing; the grant authorization_code needs one at least")
        return value

    @field_validator("require_pkce")
    @classmethod
    def _protects_public_clients(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic's
        if not value and _is_public(info):
            raise ValueError("is false; a public client has nothing but PKCE (RFC 9700, 2.1.1)")
        if not value and OPENID not in info.data.get("scope", ()):
            raise ValueError("is false; that needs the scope openid, whose nonce protects instead")
        return value

    @field_validator("require_consent")
    @classmethod
    def _asks_for_native_clients(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic's
        uris = info.data.get("redirect_uris", ())
        if not value and _is_public(info) and not all(uri.startswith("https:") for uri in uris):
            raise ValueError(
                "is false; any program could come in the client's name (RFC 8252, 8.6)"
            )
        return value

    @field_validator("check_tokens")
    @classmethod
    def _checks_with_a_secret(cls, value: bool, info: ValidationInfo) -> bool:  # noqa: FBT001 - pydantic's
        if value and _is_public(info):
            raise ValueError("is true, but a public client proves nothing about who asks")
        return value

    @field_validator("resource_ids", "scope")
    @classmethod
    def _without_spaces(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if any(len(name.split()) != 1 for name in value):
            raise ValueError("has a name with white space, which separates names on the wire")
        return value

    @field_validator("resource_ids")
    @classmethod
    def _has_audience(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if not value:
            raise ValueError("is empty: a token without audience would be good anywhere")
        return value


def _is_public(info: ValidationInfo) -> bool:
    return info.data.get("token_endpoint_auth_method") is not None
