"""The command of a service: load the configuration, serve, report an error in one line."""

import os
import sys
from collections.abc import Callable, Sequence
from typing import NoReturn, TypeVar

import structlog
import uvloop
from fastapi import FastAPI

from chassis.config.errors import ConfigError
from chassis.config.live import LiveConfig
from chassis.config.settings import ServiceSettings
from chassis.config.source import ConfigSource
from chassis.http_server.listener import ListenError
from chassis.serving.replica import Replica
from chassis.telemetry.logs import configure_logs

S = TypeVar("S", bound=ServiceSettings)

_OK, _FAILED, _MISCONFIGURED = 0, 1, 2
_RELOAD = "--reload"
_HELP = """\
usage: {name} [--reload] [--profiles=NAME,...] [--KEY=VALUE ...]

A KEY is a dotted setting, such as --server.port=8080. Sections: {sections}.
CONFIG_DIR ({config}) and SECRETS_DIR name the mounts; the environment overrides them,
for example {prefix}__SERVER__PORT=8080. All settings: docs/settings.md
--reload restarts at each change of the sources; for development.
"""

_log = structlog.get_logger("chassis.server")


def run_service(
    name: str,
    settings_type: type[S],
    create_app: Callable[[LiveConfig[S]], FastAPI],
    argv: Sequence[str] | None = None,
) -> int:
    """Serve until SIGTERM; return the exit code: 0, 1 for a failure, 2 for a bad configuration."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if "--help" in arguments or "-h" in arguments:
        return _help(name, settings_type)
    configure_logs(name)
    try:
        source = _source(name, arguments)
        if _RELOAD in arguments and not _is_watched():
            _become_watcher()
        uvloop.run(_serve(source, settings_type, create_app))
    except ConfigError as error:
        return _fail(name, error, _MISCONFIGURED)
    except ListenError as error:
        return _fail(name, error, _FAILED)
    except Exception:  # noqa: BLE001 - logged as JSON; the exit code reports it
        _log.exception("failed")
        return _FAILED
    return _OK


def _source(name: str, arguments: Sequence[str]) -> ConfigSource:
    flags = [argument for argument in arguments if argument != _RELOAD]
    source = ConfigSource.from_process(name, flags, os.environ)
    if _is_watched() or flags != list(arguments):
        _refuse_reloading(source.profiles)
    return source


def _is_watched() -> bool:
    """Return whether `reloading`, which imports nothing of the chassis, runs this process."""
    return "SUITE_RELOADING" in os.environ


def _become_watcher() -> NoReturn:
    from chassis.serving import reloading  # noqa: PLC0415 - development only

    reloading.take_over(_RELOAD)


def _refuse_reloading(profiles: Sequence[str]) -> None:
    if "prod" in profiles:
        raise ConfigError("is for development, and refused under the profile prod", key=_RELOAD)


async def _serve(
    source: ConfigSource,
    settings_type: type[S],
    create_app: Callable[[LiveConfig[S]], FastAPI],
) -> None:
    live = LiveConfig.load(source, settings_type)
    if _is_watched():
        _refuse_reloading(live.current.profiles)
    if named := live.settings.spring.application.name:
        configure_logs(named)
    await Replica(create_app(live)).run()


def _help(name: str, settings_type: type[ServiceSettings]) -> int:
    sections = ", ".join(sorted(settings_type.model_fields))
    prefix = name.upper().replace("-", "_")
    config = os.environ.get("CONFIG_DIR", "/etc/suite/config")
    text = _HELP.format(name=name, sections=sections, prefix=prefix, config=config)
    sys.stdout.write(text)
    return _OK


def _fail(name: str, error: Exception, code: int) -> int:
    sys.stderr.write(f"{name}: {error}\n")
    return code
