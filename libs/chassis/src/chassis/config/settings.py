"""A service's typed settings: the chassis' sections and what the service adds."""

from typing import ClassVar, Self, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from chassis.config.binding import Binder
from chassis.config.budget import Budget
from chassis.config.demo import refuse_demo_secrets, secrets_in
from chassis.config.errors import ConfigError
from chassis.config.layers import Layers
from chassis.config.placeholders import Resolver
from chassis.config.sections import (
    ClientSettings,
    DiscoverySettings,
    FaultSettings,
    LoggingSettings,
    ManagementSettings,
    SecuritySettings,
    ServerSettings,
)
from chassis.config.source import ConfigSource
from chassis.config.spring import RedisSettings, SpringSettings
from chassis.config.tree import Entry, Tree, find

__all__ = [
    "ClientSettings",
    "DiscoverySettings",
    "FaultSettings",
    "LoggingSettings",
    "ManagementSettings",
    "RedisSettings",
    "SecuritySettings",
    "ServerSettings",
    "ServiceSettings",
    "SpringSettings",
    "bind_settings",
]

_MANAGEMENT_OFFSET = 10_000
_MAX_PORT = 65_535

S = TypeVar("S", bound="ServiceSettings")


class ServiceSettings(BaseSettings):
    """The settings of a service; subclass it and add a field per section of your own.

    Instances are immutable. Keyword arguments are the only source: what comes from files, secrets
    and environment is merged by `ConfigSource` and bound by `bind_settings`.
    """

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", coerce_numbers_to_str=True, hide_input_in_errors=True
    )
    tolerant: ClassVar[bool] = False

    spring: SpringSettings = SpringSettings()
    server: ServerSettings = ServerSettings()
    management: ManagementSettings = ManagementSettings()
    security: SecuritySettings = SecuritySettings()
    discovery: DiscoverySettings = DiscoverySettings()
    client: ClientSettings = ClientSettings()
    logging: LoggingSettings = LoggingSettings()
    faults: FaultSettings = FaultSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Leave the environment to `ConfigSource`, which knows where each value was written."""
        del settings_cls, env_settings, dotenv_settings, file_secret_settings
        return (init_settings,)

    @property
    def management_address(self) -> str:
        """Return the address probes and metrics are served at; by default the API's."""
        return self.management.server.address or self.server.address

    @property
    def management_port(self) -> int:
        """Return the port of probes and metrics; by default the API's + 10000, or any if any."""
        if self.management.server.port is not None or self.server.port == 0:
            return self.management.server.port or 0
        return self.server.port + _MANAGEMENT_OFFSET

    def check(self, profiles: tuple[str, ...]) -> Self:
        """Refuse what the active profiles forbid; services override and extend it."""
        if self.management_port > _MAX_PORT:
            reason = f"server.port + {_MANAGEMENT_OFFSET} is no port; set it"
            raise ConfigError(reason, key="management.server.port")
        faulty = self.faults.error_rate or self.faults.latency_ms
        if "prod" in profiles and faulty and not self.faults.allow:
            reason = "faults are refused under the profile prod; set faults.allow: true to mean it"
            raise ConfigError(reason, key="faults")
        self._check_own_secret(profiles)
        return self

    def _check_own_secret(self, profiles: tuple[str, ...]) -> None:
        """Refuse a client id without its secret, which every check of a token would need."""
        client, key = self.security.oauth2.client, "security.oauth2.client.client-secret"
        secret = client.client_secret.get_secret_value() if client.client_secret else ""
        if client.client_id and not secret:
            reason = f"is missing for the client {client.client_id}; mount its Secret, or set it"
            raise ConfigError(reason, key=key)
        refuse_demo_secrets(profiles, secrets_in(self))


def bind_settings(
    source: ConfigSource, layers: Layers, settings_type: type[S], budget: Budget
) -> tuple[S, tuple[str, ...]]:
    """Return the validated settings and the names without effect; raise `ConfigError`."""
    resolver = Resolver(layers.tree, source.environ, budget, layers.loose)
    binder = Binder(resolver, budget)
    values = binder.bind(layers.tree, settings_type)
    try:
        settings = settings_type(**values).check(layers.profiles)
    except ValidationError as error:
        raise _explained(error, layers.tree) from None
    except ConfigError as error:
        raise _located(error, layers.tree, (error.key or "").split(".")) from None
    unused = (file.name for file in layers.loose.values() if file.name not in resolver.used)
    layers.unread.extend(unused)
    layers.carried |= {(True, name) for name in resolver.used}
    return settings, tuple(sorted(binder.ignored))


def _explained(error: ValidationError, tree: Tree) -> ConfigError:
    """Name key, file and line of the first thing wrong, never the value: it may be a secret."""
    first = error.errors(include_input=False, include_url=False, include_context=False)[0]
    path = [str(part) for part in first["loc"]]
    key = ".".join(_written(tree, path[: end + 1]) for end in range(len(path)))
    more = error.error_count() - 1
    reason = _reason(first["type"], first["msg"]) + (f" (and {more} more)" if more else "")
    return _located(ConfigError(reason, key=key), tree, path)


def _written(tree: Tree, path: list[str]) -> str:
    """Return the last name of a path as it was written, or as the documentation writes it."""
    entry = find(tree, path)
    return entry.name if entry else path[-1].replace("_", "-")


def _reason(kind: str, message: str) -> str:
    if kind == "missing":
        return "is required; set it"
    return message.removeprefix("Value error, ")


def _located(error: ConfigError, tree: Tree, path: list[str]) -> ConfigError:
    """Add file and line of the key, or of the nearest one above it."""
    entry = _nearest(tree, path)
    if error.file is not None or entry is None:
        return error
    origin = entry.origin
    return ConfigError(error.reason, file=origin.file, line=origin.line, key=error.key)


def _nearest(tree: Tree, path: list[str]) -> Entry | None:
    """Return the entry of a path, or the nearest one above it."""
    for length in range(len(path), 0, -1):
        if (entry := find(tree, path[:length])) is not None:
            return entry
    return None
