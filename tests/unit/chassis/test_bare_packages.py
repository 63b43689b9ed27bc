"""Modules are imported without their package, which is as always for whoever imports it."""

import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest

from chassis.lean_imports.bare_packages import bare

OUTER, INNER = "outer_of_test", "outer_of_test.inner"
FILES = {
    "__init__.py": (
        "from outer_of_test import inner\nfrom outer_of_test.heavy import weight\nX = 1\n"
    ),
    "heavy.py": "weight = 'much'\n",
    "light.py": "class Error(Exception): pass\n",
    "inner/__init__.py": (
        "from outer_of_test.inner.module import name\nfrom outer_of_test import light\n"
    ),
    "inner/module.py": "from outer_of_test.light import Error\nname = 'inner'\n",
}


@pytest.fixture(autouse=True)
def _packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, text in FILES.items():
        path = tmp_path / "outer_of_test" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield
    for name in loaded():
        del sys.modules[name]


def loaded() -> set[str]:
    return {name for name in sys.modules if name.partition(".")[0] == OUTER}


def imported_barely() -> ModuleType:
    with bare(OUTER, INNER):
        return import_module(f"{INNER}.module")


def test_a_module_is_imported_without_its_packages() -> None:
    module = imported_barely()
    assert module.name == "inner"
    assert loaded() == {f"{INNER}.module", f"{OUTER}.light"}


def test_the_package_runs_when_it_is_imported() -> None:
    module = imported_barely()
    outer = import_module(OUTER)
    assert (outer.X, outer.weight, outer.inner.name) == (1, "much", "inner")
    assert outer.inner.module is module
    assert outer.light.Error is module.Error
    assert import_module(f"{INNER}.module") is module
    assert loaded() == {OUTER, INNER, f"{OUTER}.heavy", f"{OUTER}.light", f"{INNER}.module"}


def test_an_inner_package_can_be_the_first() -> None:
    module = imported_barely()
    inner = import_module(INNER)
    assert inner.module is module
    assert sys.modules[OUTER].inner is inner
    assert sys.modules[OUTER].X == 1


def test_a_package_that_is_loaded_stays() -> None:
    outer = import_module(OUTER)
    imported_barely()
    assert sys.modules[OUTER] is outer


def test_a_package_can_be_reloaded_and_read() -> None:
    imported_barely()
    spec = import_module(OUTER).__spec__
    assert spec is not None
    assert spec.origin is not None
    assert spec.loader is not None
    assert spec.loader.get_source(OUTER) == FILES["__init__.py"]  # type: ignore[attr-defined]  # a source file's has it


def test_an_unknown_package_is_not_found() -> None:
    with (
        pytest.raises(ModuleNotFoundError, match="unknown_of_test"),
        bare(OUTER, "unknown_of_test"),
    ):
        pass
    assert not loaded()
