"""A service's typed settings: the chassis' sections and what the service adds."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, SecretStr, ValidationError

from chassis.config.errors import ConfigError
from chassis.config.fields import Section, defaults
from chassis.config.sections import (
    ClientSettings,
    DiscoverySettings,
    FaultSettings,
    LoggingSettings,
    ManagementSettings,
    SecuritySettings,
    ServerSettings,
)
from chassis.config.spring import SpringSettings
from chassis.config.tree import Tree, find, written
from chassis.normal_form import nfc

_SUFFIX = "-123"


def demo_secret(name: str) -> str:
    """Return the publicly known demo secret of a name: the name followed by `-123`."""
    return nfc(name + _SUFFIX)


def refuse_demo_secrets(profiles: Iterable[str], credentials: Iterable[tuple[str, str]]) -> None:
    """Raise `ConfigError` under `prod` for a demo secret; credentials are keys and secrets."""
    if "prod" not in profiles:
        return
    for key, secret in credentials:
        if secret.endswith(_SUFFIX):
            reason = "a demo secret is refused under the profile prod; run make secrets"
            raise ConfigError(reason, key=key)


def secrets_in(settings: BaseModel, *path: str) -> Iterator[tuple[str, str]]:
    """Yield each plain-text secret in settings, with its key."""
    for name in type(settings).model_fields:
        yield from _secrets_of(getattr(settings, name), (*path, name.strip("_")))


def _secrets_of(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, SecretStr):
        yield ".".join(path).replace("_", "-"), value.get_secret_value()
    elif isinstance(value, BaseModel):
        yield from secrets_in(value, *path)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _secrets_of(inner, (*path, str(name)))
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from _secrets_of(inner, path)


_MANAGEMENT_OFFSET = 10_000
_MAX_PORT = 65_535

S = TypeVar("S", bound="ServiceSettings")


class ServiceSettings(Section):
    """The settings of a service; a subclass adds a field per section. Instances are immutable."""

    model_config = ConfigDict(validate_default=True)

    spring: SpringSettings = defaults()
    server: ServerSettings = defaults()
    management: ManagementSettings = defaults()
    security: SecuritySettings = defaults()
    discovery: DiscoverySettings = defaults()
    client: ClientSettings = defaults()
    logging: LoggingSettings = defaults()
    faults: FaultSettings = defaults()

    @property
    def management_address(self) -> str:
        """Return the address for probes and metrics; by default the API's."""
        return self.management.server.address or self.server.address

    @property
    def management_port(self) -> int:
        """Return the port for probes and metrics; by default the API's + 10000, 0 with 0."""
        if self.management.server.port is not None or self.server.port == 0:
            return self.management.server.port or 0
        return self.server.port + _MANAGEMENT_OFFSET

    def check(self, profiles: tuple[str, ...]) -> Self:
        """Raise `ConfigError` for a value that the active profiles forbid; services extend it."""
        if self.management_port > _MAX_PORT:
            reason = f"server.port + {_MANAGEMENT_OFFSET} exceeds {_MAX_PORT}; set it"
            raise ConfigError(reason, key="management.server.port")
        faulty = self.faults.error_rate or self.faults.latency_ms
        if "prod" in profiles and faulty and not self.faults.allow:
            reason = "faults are refused under the profile prod; to confirm, set faults.allow: true"
            raise ConfigError(reason, key="faults")
        self._check_own_secret(profiles)
        self._check_token_mode()
        return self

    def _check_own_secret(self, profiles: tuple[str, ...]) -> None:
        """Raise `ConfigError` for a client id without its secret, which token checks need."""
        client, key = self.security.oauth2.client, "security.oauth2.client.client-secret"
        secret = client.client_secret.get_secret_value() if client.client_secret else ""
        if client.client_id and not secret:
            reason = f"is missing for the client {client.client_id}; mount its Secret, or set it"
            raise ConfigError(reason, key=key)
        refuse_demo_secrets(profiles, secrets_in(self))

    def _check_token_mode(self) -> None:
        """Raise `ConfigError` for signed tokens without what they are validated by."""
        resource = self.security.oauth2.resource
        if resource.token_mode == "check_token":  # noqa: S105 - a mode
            return
        needed = {
            "id": resource.id,
            "jwk.key-set-uri": resource.jwk.key_set_uri,
            "jwt.issuer": resource.jwt.issuer,
        }
        for name, value in needed.items():
            if not value:
                reason = f"is missing, and token-mode {resource.token_mode} needs it"
                raise ConfigError(reason, key=f"security.oauth2.resource.{name}")


def validate(
    values: Mapping[str, Any], settings_type: type[S], profiles: tuple[str, ...], tree: Tree
) -> S:
    """Return the settings, checked under the active profiles; raise `ConfigError`."""
    try:
        return settings_type(**values).check(profiles)
    except ValidationError as error:
        raise _explained(error, tree) from None
    except ConfigError as error:
        raise _located(error, tree, (error.key or "").split(".")) from None


def _explained(error: ValidationError, tree: Tree) -> ConfigError:
    """Return key, file and line of the first error, without the value, which may be a secret."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    path = [str(part) for part in first["loc"]]
    key = ".".join(
        # The spelling in the file, or else in the documentation.
        written(tree, path[: end + 1]) or part.replace("_", "-")
        for end, part in enumerate(path)
    )
    more = error.error_count() - 1
    reason = _reason(first["type"], first["msg"]) + (f" (and {more} more)" if more else "")
    return _located(ConfigError(reason, key=key), tree, path)


def _reason(kind: str, message: str) -> str:
    if kind == "missing":
        return "is required; set it"
    return message.removeprefix("Value error, ")


def _located(error: ConfigError, tree: Tree, path: list[str]) -> ConfigError:
    """Add file and line of the key, or of its nearest parent."""
    above = (find(tree, path[:length]) for length in range(len(path), 0, -1))
    nearest = next((node for node in above if node is not None), None)
    if error.file is not None or nearest is None:
        return error
    origin = nearest.origin
    return ConfigError(error.reason, file=origin.file, line=origin.line, key=error.key)
