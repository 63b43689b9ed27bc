"""A service's typed settings: the chassis' sections and what the service adds."""

from typing import Any, ClassVar, Self, TypeVar

from pydantic import ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from chassis.config.binding import Binder
from chassis.config.errors import ConfigError
from chassis.config.placeholders import Resolver
from chassis.config.sections import (
    ClientSettings,
    DiscoverySettings,
    FaultSettings,
    LoggingSettings,
    ManagementSettings,
    SecuritySettings,
    ServerSettings,
    SpringSettings,
)
from chassis.config.source import ConfigSource, Loaded
from chassis.config.tree import Tree, find

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

    def check(self, profiles: tuple[str, ...]) -> Self:
        """Refuse what the active profiles forbid; services override and extend it."""
        faulty = self.faults.error_rate or self.faults.latency_ms
        if "prod" in profiles and faulty and not self.faults.allow:
            reason = "faults are refused under the profile prod; set faults.allow: true to mean it"
            raise ConfigError(reason, key="faults")
        return self


def bind_settings(
    source: ConfigSource, loaded: Loaded, settings_type: type[S]
) -> tuple[S, tuple[str, ...]]:
    """Return the validated settings and the names without effect; raise `ConfigError`."""
    binder = Binder(Resolver(loaded.tree, source.environ))
    values = binder.bind(loaded.tree, settings_type)
    try:
        settings = settings_type(**values)
    except ValidationError as error:
        raise _explained(error, loaded.tree) from None
    return settings.check(source.profiles), tuple(sorted(binder.ignored))


def _explained(error: ValidationError, tree: Tree) -> ConfigError:
    """Name key, file and line of the first thing wrong, never the value: it may be a secret."""
    first = error.errors(include_input=False, include_url=False)[0]
    path = [str(part) for part in first["loc"] if not _is_union_tag(part)]
    more = error.error_count() - 1
    reason = _reason(first) + (f" (and {more} more)" if more else "")
    entry = _nearest(tree, path)
    key = ".".join(part.replace("_", "-") for part in path)
    if entry is None:
        return ConfigError(reason, key=key)
    return ConfigError(reason, file=entry.origin.file, line=entry.origin.line, key=key)


def _is_union_tag(part: Any) -> bool:
    return isinstance(part, str) and (part.endswith("]") or "(" in part)


def _reason(first: Any) -> str:
    if first["type"] == "missing":
        return "is required; set it"
    return str(first["msg"]).removeprefix("Value error, ")


def _nearest(tree: Tree, path: list[str]) -> Any:
    """Return the entry of a path, or the nearest one above it."""
    for length in range(len(path), 0, -1):
        if (entry := find(tree, path[:length])) is not None:
            return entry
    return None
