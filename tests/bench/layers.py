"""`python -m bench.layers`: what each layer of check_token costs, in µs of CPU, without HTTP.

Each part is called many times in turn with the others; the lowest batch counts, which other work on
the machine disturbs least. A layer costs what it adds to an application that does nothing.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from prometheus_client import CollectorRegistry
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bench.stack import ROOT, SERVICE, basic
from cas_server.app import create_app
from cas_server.authentication.client_authentication import credentials_digest
from cas_server.endpoints.check_token import CheckToken
from cas_server.endpoints.responses import send_body
from cas_server.forms import form_headers
from cas_server.stores.redis_token_store import RedisTokenStore
from cas_server.tokens.access_tokens import token_hash
from cas_server.tokens.token_records import name_of
from chassis import LiveConfig
from chassis.app.middleware import (
    BodyLimit,
    CorsHeaders,
    FastPaths,
    Faults,
    HeadRequests,
    PathCheck,
    Preflights,
    RequestLayer,
    SourceAddress,
)
from chassis.http_server.accounting import Accounting
from chassis.telemetry.access_log import AccessLog
from chassis.telemetry.audit import AuditEvent
from chassis.telemetry.request_metrics import RequestMetrics
from chassis.telemetry.security_events import SecurityEvents
from chassis.testing import served
from redis_process import AS_CAS_SERVER, redis_port

_PATH = "/oauth/check_token"
_BATCH, _BATCHES = 2_000, 15
_AT_ONCE = 16
Part = Callable[[], Awaitable[Any]]


async def _nothing(scope: Scope, receive: Receive, send: Send) -> None:
    del scope, receive, send


async def _send(message: Message) -> None:
    del message


def _once(function: Callable[[], Any]) -> Part:
    async def part() -> None:
        function()

    return part


class Parts:
    """The parts of one request to a cas-server."""

    def __init__(self, endpoint: CheckToken, live: LiveConfig[Any], token: str) -> None:
        self._endpoint, self._live = endpoint, live
        self._hash, self._body = token_hash(token), f"token={token}".encode()
        self._authorization = basic(SERVICE).encode()
        self._headers = [
            (b"host", b"cas-server-service:2000"),
            (b"authorization", self._authorization),
            (b"content-type", b"application/x-www-form-urlencoded"),
            (b"content-length", b"%d" % len(self._body)),
        ]

    def layers(self) -> Mapping[str, Part]:
        """Return what wraps an application, the application that does nothing first."""
        live, registry = self._live, CollectorRegistry()
        events, metrics = SecurityEvents(AuditEvent, registry), RequestMetrics(registry)
        accounting = Accounting(metrics, events, AccessLog(), limit=1_000)
        request = RequestLayer(_nothing, live=live, accounting=accounting)
        outer = SourceAddress(HeadRequests(PathCheck(Preflights(_nothing))), live=live)
        apps: dict[str, ASGIApp] = {
            "": _nothing,
            "request layer: trace, metrics, access log": request,
            "CORS, source address, HEAD, paths, preflights (skipped while idle)": CorsHeaders(
                outer, live, without_credentials=()
            ),
            "body bound": BodyLimit(_nothing, limit=1 << 20),
            "faults (skipped while idle)": Faults(_nothing),
            "fast paths": FastPaths(_nothing, paths={_PATH: _nothing}),
            "the whole endpoint, behind no layer": self._endpoint,
        }
        return {name: self._asgi(app) for name, app in apps.items()}

    def steps(self) -> Mapping[str, Part]:
        """Return what the endpoint does, a call that does nothing first."""
        return {
            "": _once(int),
            "of it authentication: headers, digest, cached client": _once(self._authenticate),
            "throttle: nothing, where credentials are cached": _once(int),
            "look-up: one of 16 in a batch, without Redis' own": self._look_up,
            "MAC: only of a record that was not opened before": _once(self._mac),
            "judgement: audience, expiry, identities": _once(self._judge),
            "response: two sends": lambda: send_body(_send, self._stored.response),
        }

    async def prepare(self) -> None:
        """Look the token up once."""
        stored = await self._endpoint.store.access(self._hash)
        assert stored is not None
        self._stored = stored
        store = self._endpoint.store
        assert isinstance(store, RedisTokenStore)
        self._keys, name = store.keys, name_of(self._hash)
        self._sealed = self._keys.seal(name, b"x" * 120)

    def _asgi(self, app: ASGIApp) -> Part:
        async def receive() -> Message:
            return {"type": "http.request", "body": self._body, "more_body": False}

        def part() -> Awaitable[Any]:
            scope = {
                "type": "http",
                "method": "POST",
                "path": _PATH,
                "query_string": b"",
                "headers": self._headers,
                "client": ("127.0.0.1", 1),
                "state": {"settings": self._live.settings},
            }
            return app(scope, receive, _send)

        return part

    def _authenticate(self) -> None:
        authorization, _ = form_headers(self._headers)
        self._endpoint.authentication.cached(credentials_digest(authorization or b""))

    def _mac(self) -> None:
        self._keys.open(name_of(self._hash), self._sealed)

    def _judge(self) -> None:
        client = self._endpoint.identities.client(SERVICE)
        assert client is not None
        self._endpoint._response(self._stored, client, "127.0.0.1")

    async def _look_up(self) -> None:
        await self._endpoint.store.access(self._hash)


async def _measured(parts: Mapping[str, Part]) -> Mapping[str, float]:
    """Return the µs of CPU of each part: the lowest batch."""
    least = dict.fromkeys(parts, float("inf"))
    for _ in range(_BATCHES):
        for name, part in parts.items():
            began = time.process_time()
            for _ in range(_BATCH // _AT_ONCE):
                await asyncio.gather(*(part() for _ in range(_AT_ONCE)))
            least[name] = min(least[name], (time.process_time() - began) / _BATCH * 1e6)
    return least


@contextlib.asynccontextmanager
async def _parts() -> AsyncIterator[Parts]:
    files: dict[str, dict[str, str]] = {"ConfigMap": {}, "Secret": {}}
    for manifest in sorted((ROOT / "k8s/base/cas-server").glob("*.yaml")):
        for one in yaml.safe_load_all(manifest.read_text("utf-8")):
            if one and one["kind"] in files:
                files[one["kind"]] |= one.get("data") or one.get("stringData") or {}
    with tempfile.TemporaryDirectory() as directory, redis_port(Path(directory)) as port:
        redis = {"host": "127.0.0.1", "port": port, "timeout": "30s"}
        redis |= {key.rpartition(".")[2]: value for key, value in AS_CAS_SERVER.items()}
        override = yaml.safe_dump({"spring": {"data": {"redis": redis}}})
        files["ConfigMap"]["application.yaml"] += f"\n---\n{override}"
        config, secrets = files["ConfigMap"], files["Secret"]
        async with served(create_app, config=config, secrets=secrets, profiles=("dev",)) as cas:
            headers = {"Authorization": basic(SERVICE)}
            form = {"grant_type": "client_credentials"}
            reply = await cas.post("/oauth/token", data=form, headers=headers)
            token = reply.json()["access_token"]
            form = {"token": token}
            assert (await cas.post(_PATH, data=form, headers=headers)).is_success
            direct = cas.app.direct  # type: ignore[attr-defined]  # of ServiceApp
            endpoint = direct._all[_PATH.encode()].endpoint
            parts = Parts(endpoint, cas.app.state.chassis.live, token)
            await parts.prepare()
            yield parts


async def main() -> None:
    """Print the table as Markdown."""
    lines = ["| part of a request | µs |", "| --- | --- |"]
    async with _parts() as found:
        for parts in (found.layers(), found.steps()):
            base, *costs = (await _measured(parts)).values()
            lines += [
                f"| {name} | {max(0.0, cost - base):.1f} |"
                for name, cost in zip(list(parts)[1:], costs, strict=True)
            ]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    asyncio.run(main())
