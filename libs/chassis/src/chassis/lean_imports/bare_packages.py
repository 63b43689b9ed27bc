"""Import modules of a package without all that its `__init__` imports beside them.

Python runs a package's `__init__` before the first module of it. That of uvicorn imports a command
line and a supervisor of processes, of which a service uses nothing. So the modules that it uses are
imported first, and the `__init__` runs once something imports the package itself: in the same
module, so that nobody sees a difference (docs/design/costs.md, "Start-up").
"""

import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import ModuleType


@contextmanager
def bare(*names: str) -> Iterator[None]:
    """Run the `__init__` of these packages at their next import after the block, and not in it.

    Outer packages come first. One that is loaded already stays as it is.
    """
    begun: dict[str, ModuleType] = {}
    try:
        for name in names:
            if name not in sys.modules:
                begun[name] = _begun(name)
        yield
    finally:
        for name in begun:
            del sys.modules[name]
        _finder.begun.update(begun)


def _begun(name: str) -> ModuleType:
    """Return a package that can have modules, and has nothing else."""
    spec = importlib.util.find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(f"no package {name}", name=name)
    sys.modules[name] = module = importlib.util.module_from_spec(spec)
    return module


class _Finder:
    """Finds the packages that were begun (importlib)."""

    def __init__(self) -> None:
        self.begun: dict[str, ModuleType] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None, _: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return how to load a package that was begun, None for others."""
        module = self.begun.pop(name, None)
        spec = PathFinder.find_spec(name, path) if module is not None else None
        if module is not None and spec is not None and spec.origin is not None:
            spec.loader = _Resuming(module, spec.origin)
        return spec


class _Resuming(SourceFileLoader):
    """Runs the `__init__` of a package in the module that has its modules already."""

    def __init__(self, module: ModuleType, path: str) -> None:
        super().__init__(module.__name__, path)
        self._module = module

    def create_module(self, _: ModuleSpec) -> ModuleType:
        """Return the module that was begun."""
        return self._module


_finder = _Finder()
sys.meta_path.insert(0, _finder)
