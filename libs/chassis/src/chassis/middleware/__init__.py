"""Plain ASGI layers around the application, outermost first:

`CorsHeaders`, `RequestLayer` (trace, metrics, last resort for errors), `SourceAddress`,
`HeadRequests`, `PathCheck`, `Preflights`, `ContextPath`, `BodyLimit`, `Faults`, `FastPaths`; then
the security filter, `JsonBodies` and FastAPI.

Where a layer has nothing to await it is a plain function that hands the next one's awaitable on:
each coroutine more would cost every request a microsecond.
"""  # noqa: D400, D415 - the list is the sentence

from chassis.middleware.body_limit import BodyLimit
from chassis.middleware.context_path import ContextPath
from chassis.middleware.cors import CorsHeaders, Preflights
from chassis.middleware.fast_paths import FastPaths
from chassis.middleware.faults import Faults
from chassis.middleware.head import HeadRequests
from chassis.middleware.json_bodies import JsonBodies
from chassis.middleware.path_check import PathCheck
from chassis.middleware.request import RequestLayer
from chassis.middleware.source_address import SourceAddress

__all__ = [
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
