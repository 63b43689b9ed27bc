"""What cas-server reads from its configuration beyond the chassis' sections."""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
)

from cas_server.identities import names
from cas_server.identities.demo_identities import DEMO_SECRETS
from cas_server.identities.names import by_name
from cas_server.identities.registration import (
    LONGEST_JWT,
    OF_ID_TOKENS,
    ClientRegistration,
    Hash,
    JwtType,
    TokenFormat,
)
from cas_server.oidc.profile_fields import Email, FullName
from cas_server.pages.page_settings import PageSettings
from cas_server.passwords.hashing import (
    GENERATED_CHARACTERS,
    fault_of,
    is_fast,
    matches_blocking,
)
from cas_server.sessions.session_settings import SessionSettings
from cas_server.signing.key_files import read_keys
from chassis.config import ConfigError, Duration, NameList, Section, ServiceSettings
from chassis.config.settings import demo_secret
from chassis.jwt.algorithms import Algorithm
from chassis.normal_form import nfc

DEMO_RECORD_KEY = SecretStr("known-to-everyone-hence-refused-under-the-profile-prod")


def _listed_keys(value: object) -> object:
    return value.split(",") if isinstance(value, str) else value


def _long_key(key: SecretStr) -> SecretStr:
    text = key.get_secret_value().strip()
    if len(text) < GENERATED_CHARACTERS:
        raise ValueError("has a key of less than 256 bits in base64url; run make secrets")
    return SecretStr(text)


def _issuer(url: str) -> str:
    parts = urlsplit(url)
    is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    is_plain = url.isascii() and url.isprintable() and not set(url) & set(" ?#@\\")
    if not (is_url and is_plain):
        raise ValueError("is not an http or https URL without query and fragment (RFC 8414, 2)")
    return url


Issuer = Annotated[str, AfterValidator(_issuer)]
"""The URL by which clients know this server; they compare it character by character."""

RecordKeyList = Annotated[
    tuple[Annotated[SecretStr, AfterValidator(_long_key)], ...],
    BeforeValidator(_listed_keys),
    Field(min_length=1, max_length=4),
]
"""The keys that seal records in Redis: the first seals, each of them opens."""


class UserRecord(Section):
    """A user who can log in; `password` is an argon2id hash."""

    password: Hash = Field(repr=False)
    authorities: NameList = ()
    name: FullName | None = None
    email: Email | None = None
    email_verified: bool = False
    enabled: bool = True

    @field_validator("email_verified")
    @classmethod
    def _is_of_an_address(cls, value: object, info: ValidationInfo) -> object:
        if value and not info.data.get("email"):
            raise ValueError("is set, and there is no email that could be verified")
        return value


class DurabilitySettings(Section):
    """How many replicas must have a token before the response, and how long that may take.

    WAIT blocks its connection, so the time is shorter than that of any operation. Redis counts
    milliseconds, and 0 as for ever.
    """

    wait_replicas: int = Field(default=0, ge=0)
    wait_timeout: Duration = Field(default=0.5, ge=0.001)


class AdministrationSettings(Section):
    """Whose access tokens may administer: for this audience, with this scope and authority.

    Without `enabled` they may outside of `prod`. Commands in the pod always may.
    """

    enabled: bool | None = None
    audience: str = Field(default="cas-server", min_length=1)
    scope: str = Field(default="admin", min_length=1)
    authority: str = Field(default="ROLE_ADMIN", min_length=1)


class CasSettings(ServiceSettings):
    """The settings of the authorization server."""

    issuer: Issuer = "http://cas-server-service"
    clients: dict[str, ClientRegistration] = Field(default_factory=dict, repr=False)
    users: dict[str, UserRecord] = Field(default_factory=dict, repr=False)
    password_grant_clients: NameList = ()
    access_token_validity: Duration = Field(default=600.0, ge=1)
    refresh_token_validity: Duration = Field(default=30 * 86400.0, ge=1)
    refresh_token_idle: Duration = Field(default=7 * 86400.0, ge=1)
    refresh_grace: Duration = Field(default=10.0, ge=0)
    max_tokens_per_client: int = Field(default=20_000, ge=1)
    max_families_per_user: int = Field(default=100, ge=1)
    record_keys: RecordKeyList = (DEMO_RECORD_KEY,)
    compact_records: bool = True
    token_format: TokenFormat = "opaque"  # noqa: S105 - a format
    signing_alg: Algorithm = "ES256"
    jwt_type: JwtType = "at+jwt"
    signing_keys: dict[str, SecretStr] = Field(default_factory=dict, repr=False)
    durability: DurabilitySettings = DurabilitySettings()
    session: SessionSettings = SessionSettings()
    administration: AdministrationSettings = AdministrationSettings()
    pages: PageSettings = PageSettings()

    @field_validator("clients", "users", mode="before")
    @classmethod
    def _by_name(cls, value: object) -> object:
        return by_name(value) if isinstance(value, Mapping) else value

    @field_validator("password_grant_clients")
    @classmethod
    def _named(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(map(nfc, value))

    def check(self, profiles: tuple[str, ...]) -> Self:
        """Refuse names that can't be told apart, and under `prod` demo secrets and bad hashes."""
        super().check(profiles)
        self._check_names()
        self._check_redis()
        self._check_signing()
        if "prod" in profiles:
            self._check_secrets()
            if not self.clients:
                reason = (
                    "is empty, and under prod nothing works without clients; mount their Secret"
                )
                raise ConfigError(reason, key="clients")
        return self

    def _check_names(self) -> None:
        for kind, registered in (("clients", self.clients), ("users", self.users)):
            for name in registered:
                if fault := names.fault_of(name):
                    raise ConfigError(fault, key=f"{kind}.{name[: names.MAX_LENGTH]}")
        for name in self.clients.keys() & self.users.keys():
            reason = "is a client's name too, which could be taken for the user (RFC 9700, 4.15)"
            raise ConfigError(reason, key=f"users.{name}")

    def _check_redis(self) -> None:
        sentinel = self.spring.redis.sentinel
        if bool(sentinel.master) != bool(sentinel.nodes):
            reason = "needs both, master and nodes"
            raise ConfigError(reason, key="spring.data.redis.sentinel")
        durability = self.durability
        if durability.wait_replicas and durability.wait_timeout >= self.spring.redis.timeout:
            reason = "is not shorter than spring.data.redis.timeout, which would end the wait"
            raise ConfigError(reason, key="durability.wait-timeout")

    def _check_signing(self) -> None:
        """Refuse a broken key, and a client whose signed tokens no key could sign."""
        algorithms = {mounted.key.algorithm for mounted in read_keys(self.signing_keys)}
        for name, client in self.clients.items():
            if client.needs_id_tokens:
                for algorithm in (OF_ID_TOKENS, client.id_token_signed_response_alg):
                    if algorithm not in algorithms:
                        reason = f"has openid, but {_no_key(algorithm)}"
                        raise ConfigError(reason, key=f"clients.{name}.scope")
            if (client.token_format or self.token_format) == "jwt":
                own = client.token_format is not None
                key = f"clients.{name}.token-format" if own else "token-format"
                validity = client.access_token_validity_seconds or self.access_token_validity
                if fault := _signing_fault(
                    client.signing_alg or self.signing_alg, algorithms, validity
                ):
                    raise ConfigError(f"{fault} (the client {name})", key=key)

    def _check_secrets(self) -> None:
        """Refuse weak hashes, demo secrets, and the demo key, with which tokens can be forged."""
        for key, name, stored in self._hashes():
            if fault := fault_of(stored):
                reason = f"{fault}, refused under prod; make another with cas-server hash-secret"
                raise ConfigError(reason, key=key)
            _refuse_demo(key, name, stored)
        if DEMO_RECORD_KEY in self.record_keys:
            raise ConfigError(
                "is required under prod; run make secrets, or ROTATE=record-keys", key="record-keys"
            )

    def _hashes(self) -> Iterator[tuple[str, str, str]]:
        """Yield the key, the owner and the hash of each secret."""
        for name, client in self.clients.items():
            for stored in client.client_secret:
                yield f"clients.{name}", name, stored
        for name, user in self.users.items():
            yield f"users.{name}", name, user.password


def _no_key(algorithm: Algorithm) -> str:
    reason = f"no key for {algorithm} is mounted as signing-keys.NAME"
    return f"{reason}; run make secrets ROTATE=keys"


def _signing_fault(algorithm: Algorithm, known: AbstractSet[str], validity: float) -> str | None:
    """Return why a client can't have signed tokens; None where it can."""
    if algorithm not in known:
        return f"is jwt, but {_no_key(algorithm)}"
    if validity > LONGEST_JWT:
        return "is jwt, but its access tokens live for more than a day"
    return None


def _refuse_demo(key: str, name: str, stored: str) -> None:
    """Refuse the hash of a demo secret; the identity's own one is not accepted at logins either.

    A comparison with an argon2id hash takes some 20 ms: of these only the demo identities' are
    tried.
    """
    own = demo_secret(name)
    if is_fast(stored):
        tried: Iterable[str] = {own, *DEMO_SECRETS.values()}
    else:
        tried = (own,) if name in DEMO_SECRETS else ()
    found = next((secret for secret in tried if matches_blocking(stored, secret)), None)
    if found is not None:
        whose = "its" if found == own else "a"
        raise ConfigError(f"has {whose} demo secret, refused under prod; run make secrets", key=key)
