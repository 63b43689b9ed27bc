"""What cas-server reads from its configuration beyond the chassis' sections."""

from typing import Annotated, Self

from pydantic import BeforeValidator, Field, field_validator

from cas_server.passwords import matches_blocking
from chassis.config import ConfigError, Duration, NameList, Section, ServiceSettings
from chassis.config.demo import DEMO_SECRETS


def _one_or_more(value: object) -> object:
    return (value,) if isinstance(value, str) else value


Secrets = Annotated[tuple[str, ...], BeforeValidator(_one_or_more), Field(max_length=2, repr=False)]
"""Hashes of one secret, or of two while one is rotated."""


class ClientRegistration(Section):
    """A registered client, with the names of the seed stack.

    `resource_ids` is the audience of its tokens; `check_for` the audiences it may check.
    """

    client_secret: Secrets = ()
    authorized_grant_types: NameList = ()
    scope: NameList = ()
    resource_ids: NameList
    authorities: NameList = ("ROLE_CLIENT",)
    access_token_validity_seconds: int | None = Field(default=None, ge=1)
    refresh_token_validity_seconds: int | None = Field(default=None, ge=1)
    check_tokens: bool = False
    check_for: NameList | None = None
    enabled: bool = True

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


class UserRecord(Section):
    """A user who can log in; `password` is an argon2id hash."""

    password: str = Field(repr=False)
    authorities: NameList = ()
    enabled: bool = True


class DurabilitySettings(Section):
    """How many replicas must have a token before it is answered, and how long that may take."""

    wait_replicas: int = Field(default=0, ge=0)
    wait_timeout: Duration = 1.0


class CasSettings(ServiceSettings):
    """The settings of the authorization server."""

    issuer: str = "http://cas-server-service"
    clients: dict[str, ClientRegistration] = Field(default_factory=dict, repr=False)
    users: dict[str, UserRecord] = Field(default_factory=dict, repr=False)
    password_grant_clients: NameList = ()
    access_token_validity: Duration = Field(default=600.0, ge=1)
    refresh_token_validity: Duration = Field(default=30 * 86400.0, ge=1)
    refresh_token_idle: Duration = Field(default=7 * 86400.0, ge=1)
    refresh_grace: Duration = 10.0
    durability: DurabilitySettings = DurabilitySettings()

    def check(self, profiles: tuple[str, ...]) -> Self:
        """Refuse names that can't be told apart, and demo secrets under `prod`."""
        super().check(profiles)
        self._check_names()
        if "prod" in profiles:
            self._refuse_demo_identities()
        return self

    def _check_names(self) -> None:
        for kind, names in (("clients", self.clients), ("users", self.users)):
            for name in names:
                if not name.isprintable() or ":" in name:
                    raise ConfigError("has a colon or a control character", key=f"{kind}.{name}")

    def _refuse_demo_identities(self) -> None:
        hashes = {name: client.client_secret for name, client in self.clients.items()}
        hashes |= {name: (user.password,) for name, user in self.users.items()}
        for name, secret in DEMO_SECRETS.items():
            if any(matches_blocking(stored, secret) for stored in hashes.get(name, ())):
                reason = "has its demo secret, refused under the profile prod; run make secrets"
                raise ConfigError(reason, key=name)
