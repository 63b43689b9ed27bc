"""An httpx transport that sends requests through `Caller`."""

from http.cookiejar import CookieJar, DefaultCookiePolicy

import httpx
import structlog

from chassis.client.caller import Caller
from chassis.client.content_coding import ACCEPTED, CodingError, decoded
from chassis.client.errors import UnusableResponse
from chassis.client.target import Target
from chassis.transport import RawRequest, RawResponse

# RFC 9110 section 9.2.2.
_IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"})
# Headers that this transport sets: the pool manages connections, and the body is sent whole.
_OWN_HEADERS = frozenset({b"connection", b"transfer-encoding", b"content-length", b"host"})

_log = structlog.get_logger("chassis.client")


class ServiceTransport(httpx.AsyncBaseTransport):
    """Send httpx requests to services by name."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send the request; raise the errors of `Caller.call`."""
        url = request.url
        target = Target.of(url.scheme, url.host, url.port)
        raw = await self._caller.call(
            target,
            _raw_request(request, target, await request.aread()),
            idempotent=request.method in _IDEMPOTENT_METHODS,
        )
        plain = self._decoded(raw, target)
        return httpx.Response(
            plain.status, headers=plain.headers, content=plain.body, request=request
        )

    def _decoded(self, raw: RawResponse, target: Target) -> RawResponse:
        try:
            return decoded(raw, self._caller.pool.max_response)
        except CodingError as error:
            _log.warning("service call failed", service=target.name, reason=str(error))
            raise UnusableResponse(target.name, str(error)) from None


def _raw_request(request: httpx.Request, target: Target, body: bytes) -> RawRequest:
    others = [(k, v) for k, v in request.headers.raw if k.lower() not in _OWN_HEADERS]
    headers = [(b"Host", target.name.encode("ascii")), *others]
    if body or request.method in {"POST", "PUT", "PATCH"}:
        headers.append((b"Content-Length", b"%d" % len(body)))
    return RawRequest(request.method.encode("ascii"), request.url.raw_path, headers, body)


def service_http(caller: Caller) -> httpx.AsyncClient:
    """Return an httpx client that uses `caller`, which bounds the time.

    It stores no cookies, since many users share it. It follows no redirects and uses no proxy,
    since calls stay in the cluster.
    """
    no_cookies = CookieJar(policy=DefaultCookiePolicy(allowed_domains=[]))
    return httpx.AsyncClient(
        transport=ServiceTransport(caller),
        headers={"Accept-Encoding": ACCEPTED},
        cookies=no_cookies,
        trust_env=False,
    )
