"""The error tree drawn in `cas_server.errors` matches its classes."""

import importlib
import pkgutil
import re
from collections.abc import Iterator

import cas_server
from cas_server import errors
from chassis.errors import ApiError

BRANCH = re.compile(r"^([│ ]*)[├└]── (\w+) +(?:(\d{3}) (\w+)|in chassis\.errors)", re.MULTILINE)


def drawn() -> Iterator[tuple[str, str, str, str]]:
    """Yield each drawn error with its base class, status and wire code."""
    parents = ["ApiError"]
    for indent, name, status, code in BRANCH.findall(errors.__doc__ or ""):
        depth = len(indent) // 4 + 1
        parents[depth:] = [name]
        yield name, parents[depth - 1], status, code


def defined() -> Iterator[type[ApiError]]:
    """Yield each error that a module of cas-server defines."""
    for module in pkgutil.walk_packages(cas_server.__path__, "cas_server."):
        if not module.name.endswith("__main__"):
            found = vars(importlib.import_module(module.name)).values()
            classes = (one for one in found if isinstance(one, type) and issubclass(one, ApiError))
            yield from (one for one in classes if one.__module__ == module.name)


def test_every_error_is_drawn_below_its_base_class() -> None:
    own = [branch for branch in drawn() if branch[2]]
    assert sorted(own) == sorted(
        (error.__name__, _parent(error), str(error.status), error.error) for error in defined()
    )


def test_errors_are_defined_in_one_module() -> None:
    assert {error.__module__ for error in defined()} == {"cas_server.errors"}


def _parent(error: type[ApiError]) -> str:
    (base,) = error.__bases__
    return base.__name__
