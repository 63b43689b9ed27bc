"""No plain function serves requests, since FastAPI would run it in a thread each time."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Annotated, Any

import pytest
from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts

import chassis
from chassis import CurrentAuthentication, LiveConfig, ServiceSettings, current_settings
from service_apps import application, configured
from suitectl.catalogue import on_chassis

router = APIRouter()


@router.get("/everything", dependencies=[chassis.requires(chassis.scope("read"))])
async def everything(
    settings: Annotated[ServiceSettings, Depends(current_settings)],
    caller: CurrentAuthentication,
    client: Annotated[chassis.ServiceClient, Depends(chassis.service_client("other"))],
) -> str:
    """Depend on every public dependency of the chassis."""
    return f"{settings}{caller}{client}"


def _chassis_alone() -> FastAPI:
    live = LiveConfig.fixed(ServiceSettings())
    return chassis.create_app(live, title="sample", version="1", routers=[router])


def _service(name: str) -> FastAPI:
    return application(name, configured(name))


APPS: Mapping[str, Callable[[], FastAPI]] = {
    "chassis": _chassis_alone,
    **{name: partial(_service, name) for name in on_chassis()},
}


def _is_async(call: Any) -> bool:
    """Return whether FastAPI awaits a callable (a function or an object) in the event loop."""
    called = call if inspect.isroutine(call) else type(call).__call__
    return inspect.iscoroutinefunction(called) or inspect.isasyncgenfunction(called)


def _calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)


def _take_requests(module: Any) -> Iterator[Any]:
    """Yield a module's functions and `__call__`s to which FastAPI would pass a `Request`."""
    for _, found in inspect.getmembers(module, lambda one: inspect.getmodule(one) is module):
        call = found.__dict__.get("__call__") if inspect.isclass(found) else found
        if inspect.isfunction(call) and Request in inspect.get_annotations(call).values():
            yield call


@pytest.mark.parametrize("app", APPS.values(), ids=APPS)
def test_no_handler_and_no_dependency_runs_in_a_thread(app: Callable[[], FastAPI]) -> None:
    contexts = list(iter_route_contexts(app().routes))
    trees = [context.dependant for context in contexts if hasattr(context, "dependant")]
    calls = [*(context.endpoint for context in contexts), *(c for t in trees for c in _calls(t))]

    assert trees
    assert [call for call in calls if not _is_async(call)] == []


@pytest.mark.parametrize("app", APPS.values(), ids=APPS)
def test_no_error_handler_runs_in_a_thread(app: Callable[[], FastAPI]) -> None:
    own = [
        handler
        for handler in app().exception_handlers.values()
        if (inspect.getmodule(handler) or chassis).__name__.startswith("chassis")
    ]

    assert own
    assert [handler for handler in own if not _is_async(handler)] == []


def test_every_function_of_the_chassis_that_takes_a_request_is_async() -> None:
    names = [found.name for found in pkgutil.walk_packages(chassis.__path__, "chassis.")]
    taking = [call for name in names for call in _take_requests(importlib.import_module(name))]

    assert current_settings in taking
    assert [call for call in taking if not _is_async(call)] == []
