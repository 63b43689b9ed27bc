"""A client of the API server with the pod's service account.

ApiServerError
└── ExpiredError    410 Gone: the resource version is too old to watch from
"""

import asyncio
import json
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from chassis.config.errors import ConfigError


class ApiServerError(Exception):
    """The API server sent no usable response."""


class ExpiredError(ApiServerError):
    """The resource version has expired; list again."""


_MOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_TOKEN, _AUTHORITIES = "token", "ca.crt"
_CONNECT_S = 2.0
_RESPONSE_S = 10.0
_MAX_BYTES = 16 * 1024 * 1024
"""Bytes of one page of a list, or of one event: etcd limits an object to 1.5 MiB."""
_GONE = 410
_NOT_ALLOWED = (401, 403)
_MAX_REASON = 300

Query = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class ApiServer:
    """The API server's URL, and the mount with the token and the CA certificates."""

    url: str
    mount: Path

    @classmethod
    def of_pod(cls, environ: Mapping[str, str]) -> "ApiServer":
        """Return the API server of this process's cluster; raise `ConfigError`."""
        host = environ.get("KUBERNETES_SERVICE_HOST")
        if not host:
            reason = "kubernetes needs a cluster: KUBERNETES_SERVICE_HOST is not set; use dns"
            raise ConfigError(reason, key="discovery.mode")
        if not all((_MOUNT / name).is_file() for name in (_TOKEN, _AUTHORITIES)):
            reason = (
                f"kubernetes needs the service account's token in {_MOUNT}; set the pod's "
                "automountServiceAccountToken: true, as k8s/components/discovery-rbac does"
            )
            raise ConfigError(reason, key="discovery.mode")
        host = f"[{host}]" if ":" in host else host
        return cls(f"https://{host}:{environ.get('KUBERNETES_SERVICE_PORT', '443')}", _MOUNT)

    @asynccontextmanager
    async def session(self) -> AsyncIterator["Session"]:
        """Open a session; the CA certificates are read for each session."""
        authorities = self.mount / _AUTHORITIES
        tls = await asyncio.to_thread(ssl.create_default_context, cafile=authorities)
        async with httpx.AsyncClient(
            base_url=self.url,
            verify=tls,
            auth=_ServiceAccount(self.mount / _TOKEN),
            timeout=httpx.Timeout(_RESPONSE_S, connect=_CONNECT_S),
            headers={"Accept": "application/json", "User-Agent": "suite-chassis"},
            trust_env=False,
        ) as http:
            yield Session(http)


class Session:
    """Send requests to the API server; the caller bounds the time of `lines`."""

    def __init__(self, http: httpx.AsyncClient) -> None:
        self._http = http

    async def get(self, path: str, query: Query) -> Any:
        """Return the JSON of a response within 16 MiB and ten seconds."""
        async with (
            asyncio.timeout(_RESPONSE_S),
            self._http.stream("GET", path, params=query) as response,
        ):
            await _refuse(response)
            return json.loads(await _body(response))

    @asynccontextmanager
    async def lines(self, path: str, query: Query) -> AsyncIterator[AsyncGenerator[bytes]]:
        """Yield the lines of a streamed response once the server has sent its status."""
        silent = httpx.Timeout(_RESPONSE_S, connect=_CONNECT_S, read=None)
        async with self._http.stream("GET", path, params=query, timeout=silent) as response:
            await _refuse(response)
            async with aclosing(_lines(response)) as lines:
                yield lines


class _ServiceAccount(httpx.Auth):
    """Send the current token: kubelet rotates it before it expires."""

    def __init__(self, file: Path) -> None:
        self._file = file

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        token = (await asyncio.to_thread(self._file.read_text)).strip()
        if not token or not token.isascii() or not token.isprintable():
            raise ApiServerError(f"{self._file}: contains no token")
        request.headers["Authorization"] = f"Bearer {token}"
        yield request


def refusal(code: int, message: str) -> ApiServerError:
    """Return the error for a `Status` of the API server."""
    if code == _GONE:
        return ExpiredError(message)
    hint = "; see k8s/components/discovery-rbac" if code in _NOT_ALLOWED else ""
    return ApiServerError(f"{code} {message[:_MAX_REASON]}{hint}")


async def _refuse(response: httpx.Response) -> None:
    """Raise an error with the server's message unless the status is 200."""
    if response.status_code == httpx.codes.OK:
        return
    body = await _body(response)
    try:
        message = str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        message = response.reason_phrase
    raise refusal(response.status_code, message)


async def _body(response: httpx.Response) -> bytes:
    body = bytearray()
    async for part in response.aiter_bytes():
        body += part
        if len(body) > _MAX_BYTES:
            raise ApiServerError(f"the response exceeds {_MAX_BYTES} bytes")
    return bytes(body)


async def _lines(response: httpx.Response) -> AsyncGenerator[bytes]:
    """Yield lines; httpx would also split at Unicode line breaks, which JSON may contain."""
    rest = bytearray()
    async for part in response.aiter_bytes():
        rest += part
        if b"\n" in part:
            *lines, rest = rest.split(b"\n")
            for line in lines:
                yield bytes(line)
        if len(rest) > _MAX_BYTES:
            raise ApiServerError(f"an event exceeds {_MAX_BYTES} bytes")
