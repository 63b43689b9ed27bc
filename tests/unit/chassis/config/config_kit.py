"""Shared by the configuration's tests: a service's settings and their sources."""

import sys
import tracemalloc
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from pydantic import SecretStr

from chassis.config import ConfigError, ConfigSource, LiveConfig, NameList, Section, ServiceSettings


class Greeting(Section):
    message: str = "Hello"
    words: NameList = ()


class Account(Section):
    password: SecretStr | None = None
    level: int = 0


class DemoSettings(ServiceSettings):
    greeting: Greeting = Greeting()
    accounts: dict[str, Account] = {}  # noqa: RUF012 - pydantic copies it
    members: tuple[Account, ...] = ()
    version: str = ""
    flag: bool = False


def source(
    directory: Path,
    text: str | None = None,
    *,
    profiles: tuple[str, ...] = (),
    secrets: Mapping[str, str] | None = None,
    environ: Mapping[str, str] | None = None,
    arguments: Mapping[str, str] | None = None,
    **files: str,
) -> ConfigSource:
    """Write the files (`application_dev="…"` is application-dev.yaml) and return their source."""
    texts = {f"{name.replace('_', '-')}.yaml": content for name, content in files.items()}
    if text is not None:
        texts["application.yaml"] = text
    return ConfigSource(
        "demo-service",
        config_dir=_written(directory / "config", texts),
        secrets_dir=_written(directory / "secrets", secrets or {}),
        environ=environ or {},
        arguments=arguments or {},
        profiles=profiles,
    )


def load(source: ConfigSource) -> DemoSettings:
    return LiveConfig.load(source, DemoSettings).settings


def refusal(source: ConfigSource) -> str:
    """Return the one-line message with which loading the source fails."""
    with pytest.raises(ConfigError) as raised:
        load(source)
    return str(raised.value)


class Work(NamedTuple):
    """The counted work of a load, which a busy machine does not change."""

    calls: int
    """Calls of Python and C functions."""
    copied: int
    """Bytes of large allocations, such as copies made in C."""


def work_of_load(source: ConfigSource) -> Work:
    """Load, and return the work."""
    calls = copied = before = 0

    def count(_frame: object, event: str, _argument: object) -> None:
        nonlocal calls, copied, before
        now, peak = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        calls += event in ("call", "c_call")
        copied += peak - before if peak - before >= 1024 else 0
        before = now

    tracemalloc.start()
    sys.setprofile(count)
    try:
        load(source)
    finally:
        sys.setprofile(None)
        tracemalloc.stop()
    return Work(calls, copied)


def _written(directory: Path, files: Mapping[str, str]) -> Path | None:
    if not files:
        return None
    directory.mkdir(exist_ok=True)
    for name, text in files.items():
        (directory / name).write_text(text)
    return directory
