"""A service imports what it serves with, and no more (docs/design/performance.md, "Start-up")."""

import json
import subprocess
import sys
from collections.abc import Set as AbstractSet

import pytest

from suitectl.catalogue import on_chassis

COMMON = {
    "annotated_doc",
    "annotated_types",
    "anyio",
    "chassis",
    "click",  # by uvicorn
    "dotenv",  # by pydantic-settings
    "fastapi",
    "httptools",
    "httpx",
    "idna",
    "opentelemetry",  # its interface alone, by FastAPI
    "prometheus_client",
    "pydantic",
    "pydantic_core",
    "pydantic_settings",
    "starlette",
    "structlog",
    "typing_extensions",
    "typing_inspection",
    "uvicorn",
    "uvloop",
    "watchfiles",
    "yaml",
}
OF_ONE_MODE = {
    "chassis.discovery.kubernetes": "discovery.mode kubernetes",
    "chassis.serving.reloading": "--reload",
    "chassis.testing": "tests",
    "cryptography.hazmat": "the first rotation of a refresh token",
}
LOADED = """
import importlib, json, sys
before = set(sys.modules)
importlib.import_module(sys.argv[1])
print(json.dumps(sorted(set(sys.modules) - before - set(sys.stdlib_module_names))))
"""


def loaded(module: str) -> AbstractSet[str]:
    """Return the modules outside of the standard library's top level that an import loads."""
    printed = subprocess.check_output([sys.executable, "-c", LOADED, module], text=True, timeout=60)
    return set(json.loads(printed))


def packages(modules: AbstractSet[str]) -> AbstractSet[str]:
    """Return their packages; private ones, of compilers and interpreters, do not count."""
    found = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names)
    return {name for name in found if not name.startswith("_")} - {"cython_runtime"}


def test_the_chassis_imports_these_packages() -> None:
    """rich, colorama and pygments, which httpx and structlog import where they are, not."""
    assert packages(loaded("chassis")) == COMMON


@pytest.mark.parametrize("name", on_chassis())
def test_a_service_imports_nothing_of_another_mode(name: str) -> None:
    modules = loaded(f"{name.replace('-', '_')}.__main__")
    assert packages(modules) >= COMMON
    assert not modules & {*OF_ONE_MODE, "rich", "colorama", "pygments"}


@pytest.mark.parametrize("name", [name for name, one in on_chassis().items() if one.is_api])
def test_a_resource_service_imports_no_more_than_the_chassis(name: str) -> None:
    package = name.replace("-", "_")
    assert packages(loaded(f"{package}.__main__")) == COMMON | {package}


def test_a_package_that_is_loaded_already_stays_visible() -> None:
    """Tests and commands draw with rich beside the chassis."""
    code = "import rich, chassis, sys; import rich.console; print('rich' in sys.modules)"
    printed = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60)
    assert printed == "True\n"


def test_hidden_packages_can_be_imported_later() -> None:
    code = "import chassis, rich.console, pygments; print(rich.console.Console.__name__)"
    printed = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60)
    assert printed == "Console\n"


def test_the_collector_rarely_runs_during_the_imports() -> None:
    """At its default it runs 146 times there, and takes a tenth of the CPU."""
    code = "import gc; before = gc.get_stats()[0]['collections']; import chassis;"
    code += "print(gc.get_stats()[0]['collections'] - before, *gc.get_threshold())"
    printed = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60)
    collections, threshold, *_ = map(int, printed.split())
    assert threshold == 50_000
    assert collections < 30
