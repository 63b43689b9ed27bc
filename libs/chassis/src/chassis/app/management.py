"""The management port: probes, metrics, info. Open in the cluster, never in a public Service."""

import json
from collections.abc import Awaitable, Callable, Mapping

import structlog
from prometheus_client import generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from chassis.app.state import Chassis
from chassis.errors import InvalidRequest, MethodNotAllowed, NotFound, ServerError, error_response
from chassis.security.paths import is_sound
from chassis.telemetry.trace import Trace, current_trace, traceparent_of

MANAGEMENT_PATHS = ("/livez", "/readyz", "/startupz", "/metrics", "/info")

Page = Callable[[], Awaitable[Response]]

_log = structlog.get_logger("chassis.management")


class ManagementApp:
    """`/livez`, `/readyz`, `/startupz`, `/metrics`, `/info`; anything else is 404."""

    def __init__(self, chassis: Chassis) -> None:
        self._chassis = chassis
        pages = (self._live, self._ready, self._started, self._metrics, self._info)
        self._pages: dict[str, Page] = dict(zip(MANAGEMENT_PATHS, pages, strict=True))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve GET and HEAD, with a trace id like every response."""
        if scope["type"] != "http":
            return
        trace = Trace(traceparent_of(scope["headers"]))
        outer = current_trace.set(trace)
        try:
            response = await self._page(scope)
        except Exception:  # noqa: BLE001 - the last resort
            _log.exception("unhandled error", uri=scope["path"])
            response = error_response(ServerError())
        finally:
            current_trace.reset(outer)
        response.headers["traceresponse"] = trace.traceparent()
        await response(scope, receive, send)

    async def _page(self, scope: Scope) -> Response:
        if not is_sound(scope["path"]):
            return error_response(InvalidRequest("The path has a control character"))
        page = self._pages.get(scope["path"])
        if page is None:
            return error_response(NotFound(f"The paths are {', '.join(MANAGEMENT_PATHS)}"))
        if scope["method"] not in ("GET", "HEAD"):
            return error_response(MethodNotAllowed(headers={"Allow": "GET, HEAD"}))
        return await page()

    async def _live(self) -> Response:
        """Report alive while the event loop runs: a restart does not repair a dependency."""
        return _state({})

    async def _ready(self) -> Response:
        return _state(await self._chassis.health.unready())

    async def _started(self) -> Response:
        return _state({} if self._chassis.health.started else {"startup": "not started yet"})

    async def _metrics(self) -> Response:
        return Response(
            generate_latest(self._chassis.registry), media_type=CONTENT_TYPE_PLAIN_0_0_4
        )

    async def _info(self) -> Response:
        """Report name, version and configuration, without values."""
        live = self._chassis.live
        current = live.current
        sources = (
            {"source": s.where, "profiles": s.profiles} for s in current.profile_sources.active
        )
        return _json(
            {
                "name": current.name or self._chassis.title,
                "version": self._chassis.version,
                "profiles": list(current.profiles),
                "profileSources": list(sources),
                "config": {"hash": current.hash, "loadedAt": current.loaded_at},
                "reload": live.status.to_info(),
                "ignored": list(current.ignored),
                "unread": list(current.unread),
            }
        )


def _state(failing: Mapping[str, str]) -> Response:
    if not failing:
        return _json({"status": "UP"})
    why = ", ".join(f"{name}: {reason}" for name, reason in failing.items())
    body = {"status": "DOWN", "error": "temporarily_unavailable", "error_description": why}
    return _json(body, status=503)


def _json(body: Mapping[str, object], *, status: int = 200) -> Response:
    return Response(json.dumps(body), status, media_type="application/json")
