"""The applications of the services there are, built on their own ConfigMaps."""

import importlib
import inspect
import re
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from fastapi import FastAPI

from chassis import LiveConfig, ServiceSettings, TokenServices, testing
from chassis.testing import ConfigDirectory
from chassis.testing.configured import settings_type as configured_by
from sample_services import OUTSIDE
from suitectl.catalogue import PROTECTED_PATH, services
from suitectl.root import ROOT

_URL = re.compile(r"\bhttps?://([\w-]+)")
_CALLS = re.compile(r"\bservice_client\(\s*(?:\"([^\"]+)\"|(\w+))")
SAMPLE = OUTSIDE.name
"""A resource service to send requests to, where any will do."""
SAMPLE_PATH = OUTSIDE.annotation(PROTECTED_PATH, "/api/me")
"""A path of it that needs a token."""


def module_of(service: str, name: str) -> ModuleType:
    """Return a module of a service's package."""
    return importlib.import_module(f"{service.replace('-', '_')}.{name}")


def settings_type(service: str) -> type[ServiceSettings]:
    """Return the settings that a service's application is built on."""
    return configured_by(module_of(service, "app").create_app)


def called_by(service: str) -> frozenset[str]:
    """Return the Services that a service calls by name.

    Its code says it by `service_client(NAME, …)`; that of another language by its ConfigMap's URLs.
    """
    found = set[str]()
    if services()[service].language:
        texts = next(services()[service].of("ConfigMap"))["data"].values()
        return frozenset(host for text in texts for host in _URL.findall(text))
    for file in ROOT.glob(f"services/{service}/src/*/api.py"):
        for text, constant in _CALLS.findall(file.read_text()):
            found.add(text or getattr(module_of(service, "api"), constant))
    return frozenset(found)


def programs(root: Path) -> frozenset[str]:
    """Return the programs that the folders of `services` make: scripts in Python, modules in Go."""
    projects = map(Path.read_text, root.glob("services/*/pyproject.toml"))
    scripts = {name for text in projects for name in tomllib.loads(text)["project"]["scripts"]}
    return frozenset(scripts | {path.parent.name for path in root.glob("services/*/go.mod")})


def configured(
    service: str, arguments: Mapping[str, str] | None = None, profiles: tuple[str, ...] = ()
) -> LiveConfig[Any]:
    """Load a service's ConfigMap, with a secret and flags on top."""
    flags = {"security.oauth2.client.client-secret": "secret", **(arguments or {})}
    files = {k: v for one in services()[service].of("ConfigMap") for k, v in one["data"].items()}
    with tempfile.TemporaryDirectory() as directory:
        config = ConfigDirectory(Path(directory), files)
        build = module_of(service, "app").create_app
        return testing.configured(build, flags, config=config, profiles=profiles)


def application(
    service: str, live: LiveConfig[Any], token_services: TokenServices | None = None
) -> FastAPI:
    """Build a service; where its tests may bring token services, with these."""
    build = module_of(service, "app").create_app
    takes_tokens = "token_services" in inspect.signature(build).parameters
    built: FastAPI = build(live, **({"token_services": token_services} if takes_tokens else {}))
    return built
