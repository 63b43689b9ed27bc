"""The servers that the rows over HTTP compare, each loaded by wrk."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from redis import Redis

from bench.contest import Contestant, Load
from bench.peers import oidc_provider, python
from bench.row import Run
from bench.stack import OPEN_PATH, SERVICE, Service, Stack, basic, issued_token
from bench.tools import load, redis_load

_SCRIPTS = Path(__file__).parent
CHECKS, ISSUES, GETS = (_SCRIPTS / f"{name}.lua" for name in ("check_token", "token", "bearer"))
BENCHMARK_KEY, RECORD_BYTES = "key:__rand_int__", 180
"""What redis-benchmark gets, by its literal name without `-r`, and about how long a record is."""
CHECK_TOKEN_PATH, TOKEN_PATH = "/oauth/check_token", "/oauth/token"
FEW_TOKENS = 64
MANY_TOKENS = 256
"""More than connections, so that concurrent checks rarely share a token."""


@contextmanager
def _check_token(stack: Stack, path: str) -> Iterator[Load]:
    yield partial(_post, stack.cas, path, stack.tokens(FEW_TOKENS))


@contextmanager
def _introspection(stack: Stack, hint: str) -> Iterator[Load]:
    with oidc_provider.serving(stack, SERVICE) as server:
        issued = [issued_token(f"{server.url}/token") for _ in range(FEW_TOKENS)]
        # The script sends `token=` and what it was given.
        yield partial(
            _post, server, oidc_provider.INTROSPECTION, [f"{one}{hint}" for one in issued]
        )


@contextmanager
def _constant(stack: Stack) -> Iterator[Load]:
    with python.serving(stack, "constant") as server:
        yield partial(_post, server, CHECK_TOKEN_PATH, stack.tokens(FEW_TOKENS))


def _post(server: Service, path: str, tokens: Sequence[str], connections: int) -> Run:
    arguments = (basic(SERVICE), *tokens)
    url = f"{server.url}{path}"
    return load(url, CHECKS, *arguments, connections=connections, pid=server.pid)


@contextmanager
def _client_credentials(stack: Stack) -> Iterator[Load]:
    yield partial(_issue, stack.cas)


def _issue(cas: Service, connections: int) -> Run:
    arguments = (basic(SERVICE), "grant_type=client_credentials")
    url = f"{cas.url}{TOKEN_PATH}"
    return load(url, ISSUES, *arguments, connections=connections, pid=cas.pid)


@contextmanager
def _redis_get(stack: Stack) -> Iterator[Load]:
    with Redis(port=stack.redis_port) as redis:
        redis.set(BENCHMARK_KEY, b"x" * RECORD_BYTES)
    yield partial(_get_from_redis, stack)


def _get_from_redis(stack: Stack, connections: int) -> Run:
    return redis_load(stack.redis_port, connections=connections, pid=stack.redis_pid)


@contextmanager
def _chassis(stack: Stack, environment: Mapping[str, str]) -> Iterator[Load]:
    with stack.running(SERVICE, environment) as service:
        yield partial(_get, service, stack.tokens(MANY_TOKENS))


@contextmanager
def _fastapi(stack: Stack) -> Iterator[Load]:
    with python.serving(stack, "fastapi_app") as service:
        yield partial(_get, service, stack.tokens(MANY_TOKENS))


def _get(service: Service, tokens: Sequence[str], connections: int) -> Run:
    """GET the greeting with a token, which an open endpoint ignores."""
    url = f"{service.url}{OPEN_PATH}"
    return load(url, GETS, *tokens, connections=connections, pid=service.pid)


def _protected(cache_ttl: str) -> Mapping[str, str]:
    return {
        "SECURITY__PATH__IGNORES": "/nothing-is-open",
        "SECURITY__OAUTH2__RESOURCE__CACHE_TTL": cache_ttl,
    }


CHECK_TOKEN = Contestant("check_token", partial(_check_token, path=CHECK_TOKEN_PATH))
IN_ASGI = Contestant(
    # Only the exact target is served at the protocol; the empty query changes nothing else.
    "check_token in ASGI",
    partial(_check_token, path=f"{CHECK_TOKEN_PATH}?"),
)
OIDC_PROVIDER, OIDC_PROVIDER_WITH_HINT = (
    Contestant(title, partial(_introspection, hint=hint), ("wrk", "node-oidc-provider"), 3)
    for title, hint in (
        ("node-oidc-provider", ""),
        ("node-oidc-provider, hint", oidc_provider.HINT),
    )
)
UVICORN = Contestant("uvicorn, constant", _constant)
REDIS_GET = Contestant("Redis GET", _redis_get, ("redis-benchmark",))
CLIENT_CREDENTIALS = Contestant("client_credentials", _client_credentials)

OPEN, CACHED, UNCACHED = (
    Contestant(
        title,
        partial(_chassis, environment=environment),
        ("wrk", "a resource service on the chassis"),
    )
    for title, environment in (
        ("open endpoint", {"SECURITY__PATH__IGNORES": "/**"}),
        ("protected, cached", _protected("60s")),
        ("protected, cache off", _protected("0")),
    )
)
FASTAPI = Contestant("bare FastAPI", _fastapi)
