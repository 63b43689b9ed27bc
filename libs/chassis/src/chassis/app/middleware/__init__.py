"""Plain ASGI middleware, outermost first:

`CorsHeaders`, `RequestLayer` (trace, metrics, unhandled errors), `SourceAddress`,
`HeadRequests`, `PathCheck`, `Preflights`, `ContextPath`, `BodyLimit`, `Faults`, `FastPaths`; then
the security filter, `JsonBodies` and FastAPI. Most requests to fast paths need `RequestLayer`,
`BodyLimit` and `FastPaths` alone (`app/idle_layers`).

Middleware without an await is a plain function that returns the inner application's awaitable:
each coroutine costs every request a microsecond.
"""  # noqa: D400, D415 - the list is the sentence

from chassis.app.middleware.body_limit import BodyLimit
from chassis.app.middleware.cors import CorsHeaders, Preflights
from chassis.app.middleware.fast_paths import FastPaths
from chassis.app.middleware.faults import Faults
from chassis.app.middleware.forwarded import SourceAddress
from chassis.app.middleware.head import HeadRequests
from chassis.app.middleware.json_bodies import JsonBodies
from chassis.app.middleware.request import RequestLayer
from chassis.app.middleware.request_path import WELL_KNOWN, ContextPath, PathCheck

__all__ = [
    "WELL_KNOWN",
    "BodyLimit",
    "ContextPath",
    "CorsHeaders",
    "FastPaths",
    "Faults",
    "HeadRequests",
    "JsonBodies",
    "PathCheck",
    "Preflights",
    "RequestLayer",
    "SourceAddress",
]
