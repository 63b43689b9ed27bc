"""The live configuration of a service under test, loaded as in a pod."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, get_args, get_type_hints

from fastapi import FastAPI

from chassis.config.live import LiveConfig
from chassis.config.settings import ServiceSettings
from chassis.config.source import ConfigSource
from chassis.testing.config_directory import ConfigDirectory

CreateApp = Callable[..., FastAPI]
Mount = ConfigDirectory | Path
Settings = Mapping[str, object]
"""Values by dotted key, as flags: `{"greeting.message": "Hello", "server.port": 0}`."""


def configured(
    create_app: CreateApp,
    settings: Settings = MappingProxyType({}),
    *,
    config: Mount | None = None,
    secrets: Mount | None = None,
    profiles: Sequence[str] = (),
) -> LiveConfig[Any]:
    """Load the configuration that `create_app` is annotated with, as `run_service` does.

    `settings` win over the mounted ConfigMap and Secret. Raises `ConfigError`.
    """
    source = ConfigSource(
        service_name(create_app),
        config_dir=_path(config),
        secrets_dir=_path(secrets),
        arguments={key: _flag(value) for key, value in settings.items()},
        profiles=tuple(profiles),
    )
    return LiveConfig.load(source, settings_type(create_app))


def service_name(create_app: CreateApp) -> str:
    """Return the name of a service by its package: `stock_service.app` is `stock-service`."""
    return create_app.__module__.partition(".")[0].replace("_", "-")


def settings_type(create_app: CreateApp) -> type[ServiceSettings]:
    """Return the settings that an application is built on: S of its `live: LiveConfig[S]`.

    Raises `TypeError` where it has no such parameter.
    """
    found = get_args(get_type_hints(create_app).get("live"))
    if not found:
        raise TypeError(
            f"{create_app.__qualname__} needs a parameter live: LiveConfig[ITS SETTINGS]"
        )
    settings: type[ServiceSettings] = found[0]
    return settings


def _path(mount: Mount | None) -> Path | None:
    return mount.path if isinstance(mount, ConfigDirectory) else mount


def _flag(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
