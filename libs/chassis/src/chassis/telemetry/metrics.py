"""The metrics of requests: how many, how long, with which outcome."""

from prometheus_client import CollectorRegistry, Histogram

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_METHODS = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
UNMATCHED = "UNMATCHED"
"""The `uri` of requests that no route took: paths of the caller's choice are no label."""


class RequestMetrics:
    """Counts requests as Spring names them: `http_server_requests_seconds`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._histogram = Histogram(
            "http_server_requests_seconds",
            "Duration of requests by method, route and status.",
            ["method", "uri", "status"],
            buckets=_BUCKETS,
            registry=registry,
        )
        # Looking a child up by its labels costs more than observing it.
        self._children: dict[tuple[str, str, int], Histogram] = {}

    def observe(self, method: str, uri: str, status: int, seconds: float) -> None:
        """Count one request; `uri` has to be a route's template."""
        key = (method, uri, status)
        child = self._children.get(key)
        if child is None:
            known = method if method in _METHODS else "OTHER"
            child = self._histogram.labels(known, uri, str(status))
            if known == method:
                self._children[key] = child
        child.observe(seconds)
