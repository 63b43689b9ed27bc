"""Import what a service needs at a lower cost; the chassis imports this module first.

structlog and httpx come without the packages that they use on a terminal, if installed:
rich, colorama and pygments are there where the suite's commands are. A service logs JSON and draws
nothing, so that they would only cost it memory and a sixth of its start. uvicorn and watchfiles
come without their commands and the processes that these start. FastAPI alone would load
pydantic.v1, to refuse its models, and takes its absence as well; who imports it for something else
gets it. FastAPI's models of an OpenAPI document build their validators when a document is first
asked for (docs/design/costs.md, "Start-up").
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from chassis.lean_imports.bare_packages import bare

# Allocations before a collection. At the default of 700 the collector dominates tail latency.
_GENERATION_0 = 50_000

_V1 = "pydantic.v1"
_FOR_TERMINALS = ("better_exceptions", "click", "colorama", "pygments", "rich")


@contextmanager
def _without(*names: str) -> Iterator[None]:
    """Let imports of these packages fail during the block, unless they are loaded already."""
    hidden = [name for name in names if name not in sys.modules]
    # `None` is Python's own mark of a module that can't be imported.
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is allowed
    try:
        yield
    finally:
        for name in hidden:
            del sys.modules[name]


@contextmanager
def _deferred_validators() -> Iterator[None]:
    """Let pydantic build the validators of models made during the block when each is first used."""
    from pydantic import BaseModel  # noqa: PLC0415 - once the collector is off

    BaseModel.model_config["defer_build"] = True
    try:
        yield
    finally:
        del BaseModel.model_config["defer_build"]


class _NotForFastAPI:
    """A finder (importlib) that does not find pydantic.v1 for FastAPI's own imports."""

    @staticmethod
    def find_spec(name: str, *_: object) -> None:
        """Raise ModuleNotFoundError for FastAPI, and leave the search to others otherwise."""
        if name == _V1 and _importer().partition(".")[0] == "fastapi":
            raise ModuleNotFoundError(name=name)


def _importer() -> str:
    """Return the module whose statement imports something now."""
    frame = sys._getframe(2)  # noqa: SLF001 - the way to know who is calling
    while frame.f_back is not None and frame.f_globals["__name__"].startswith("importlib."):
        frame = frame.f_back
    return str(frame.f_globals["__name__"])


def finish() -> None:
    """Let the collector run again, but never over what was imported.

    To look for garbage in it takes 8 ms, and finds 25 objects.
    """
    gc.freeze()
    gc.enable()


gc.disable()
gc.set_threshold(_GENERATION_0)
sys.meta_path.insert(0, _NotForFastAPI)
with _without(*_FOR_TERMINALS), _deferred_validators():
    import fastapi  # noqa: F401 - loaded for all later imports
    import httpx  # noqa: F401 - the same
    import structlog  # noqa: F401 - the same
with bare("uvicorn", "watchfiles"):
    import uvicorn.config

    vars(uvicorn)["Config"] = uvicorn.config.Config  # the next module asks the package for it
    import uvicorn.lifespan.off
    import uvicorn.protocols.http.httptools_impl
    import uvicorn.server
    import watchfiles.main  # noqa: F401 - the same
gc.freeze()
