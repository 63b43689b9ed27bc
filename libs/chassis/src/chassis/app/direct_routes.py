"""Include a service's routers so that a request is matched once."""

import inspect
from collections.abc import Sequence
from typing import TypeGuard

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute

from chassis.app.exact_route import ExactRoute

_OPTIONS = inspect.signature(APIRouter.add_api_route).parameters.keys() & (
    inspect.signature(APIRoute).parameters.keys() - {"path", "endpoint"}
)


def include_router(app: FastAPI, router: APIRouter) -> None:
    """Add the routes of a router to the application itself.

    FastAPI adds a router as one route, and matches each request twice against all that is in it,
    which takes a sixth of the time of a small request. A router with anything but plain path
    operations stays one route.
    """
    app.include_router(router)  # its checks and its lifespan, in either case
    routes = _path_operations(router)
    if routes:
        app.router.routes.pop()
    for route in routes:
        options = {name: getattr(route, name) for name in _OPTIONS}
        kind = APIRoute if route.param_convertors else ExactRoute
        app.router.add_api_route(route.path, route.endpoint, route_class_override=kind, **options)


def _path_operations(router: APIRouter) -> Sequence[APIRoute]:
    """Return all routes of a router if these are all it has, else none."""
    has_static_files = getattr(router, "_low_priority_routes", ())
    routes = [route for route in router.routes if _is_path_operation(route)]
    return routes if len(routes) == len(router.routes) and not has_static_files else ()


def _is_path_operation(route: BaseRoute) -> TypeGuard[APIRoute]:
    """Return whether a route's attributes are the arguments it was made of.

    A subclass may have others, and the item type of a stream is no argument.
    """
    return type(route) is APIRoute and getattr(route, "stream_item_type", None) is None
