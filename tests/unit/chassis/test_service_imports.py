"""A service imports what it serves with, and no more (docs/design/costs.md, "Start-up")."""

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
    "cryptography.hazmat": "signing keys, token-mode jwt, the first rotation of a refresh token",
    "joserfc": "signing keys, token-mode jwt",
    "pydantic.v1": "none: FastAPI only refuses its models",
}
LOADED = """
import importlib, json, sys
before = set(sys.modules)
importlib.import_module(sys.argv[1])
there = {name for name, module in sys.modules.items() if module}  # None: not to be imported
print(json.dumps(sorted(there - before - set(sys.stdlib_module_names))))
"""


def loaded(module: str) -> AbstractSet[str]:
    """Return the modules outside of the standard library's top level that an import loads."""
    printed = subprocess.check_output([sys.executable, "-c", LOADED, module], text=True, timeout=60)
    return set(json.loads(printed))


def packages(modules: AbstractSet[str]) -> AbstractSet[str]:
    """Return their packages; private ones, of compilers and interpreters, do not count.

    Nor does greenlet, which structlog imports where it is: here what drives a browser brings it.
    """
    found = {name.partition(".")[0] for name in modules} - set(sys.stdlib_module_names)
    return {name for name in found if not name.startswith("_")} - {"cython_runtime", "greenlet"}


def test_the_chassis_imports_these_packages() -> None:
    """rich, click and others, which httpx, structlog and uvicorn import for a terminal, not."""
    assert packages(loaded("chassis")) == COMMON


@pytest.mark.parametrize("name", on_chassis())
def test_a_service_imports_nothing_of_another_mode(name: str) -> None:
    modules = loaded(f"{name.replace('-', '_')}.__main__")
    assert packages(modules) >= COMMON
    assert not modules & {*OF_ONE_MODE, "click", "colorama", "pygments", "rich"}
    assert not modules & {"uvicorn", "uvicorn.main", "watchfiles", "watchfiles.run"}


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


def test_uvicorn_can_be_used_beside_the_chassis() -> None:
    code = """if True:
        import chassis, chassis.http_server.web_server as own
        import uvicorn, watchfiles
        print(issubclass(own.WebServer, uvicorn.Server), uvicorn.config.Config is uvicorn.Config)
        print(uvicorn.main.name, watchfiles.run_process.__name__)
    """
    printed = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60)
    assert printed == "True True\nmain run_process\n"


def test_pydantic_v1_can_be_used_beside_the_chassis() -> None:
    code = "import chassis; from pydantic.v1 import BaseModel; print(BaseModel)"
    printed = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60)
    assert printed == "<class 'pydantic.v1.main.BaseModel'>\n"


def test_the_collector_does_not_run_during_the_imports() -> None:
    """At its default it runs 146 times there, and takes a tenth of the CPU.

    Some small runs precede the module that ends it.
    """
    code = """if True:
        import gc
        collections = lambda: sum(of["collections"] for of in gc.get_stats())
        before = collections()
        import chassis
        print(collections() - before, gc.isenabled(), gc.get_threshold()[0])
        print(len(gc.get_objects()) < gc.get_freeze_count() / 10)
    """
    printed = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60)
    collections, *others = printed.split()
    assert int(collections) < 10
    assert others == ["True", "50000", "True"]


def test_the_imports_build_the_validator_of_no_section() -> None:
    """pydantic builds that of a service's settings, which includes its sections', once."""
    code = """if True:
        import chassis
        def below(model):
            return {model}.union(*map(below, model.__subclasses__()))
        sections = below(chassis.Section)
        print(len(sections) > 30, [one for one in sections if one.__pydantic_complete__])
        chassis.ServiceSettings()
        print({one.__name__ for one in sections if one.__pydantic_complete__})
    """
    printed = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60)
    assert printed == "True []\n{'ServiceSettings'}\n"


def test_the_imports_build_few_validators_of_openapi_documents() -> None:
    """FastAPI has 33 models of one; it rebuilds three itself, and uses some."""
    code = """if True:
        import chassis, pydantic
        from fastapi.openapi import models
        of_documents = [
            one for one in vars(models).values()
            if isinstance(one, type) and issubclass(one, pydantic.BaseModel)
        ]
        print(sum(one.__pydantic_complete__ for one in of_documents) < 6, len(of_documents) > 30)
        print(pydantic.create_model("Other", name=(str, ...)).__pydantic_complete__)
    """
    printed = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60)
    assert printed == "True True\nTrue\n"
