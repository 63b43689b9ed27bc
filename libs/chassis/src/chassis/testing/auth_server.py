"""A real authorization server with a real Redis, whose clients and users the tests name.

async def test_a_real_token_is_accepted(serve: Serve, auth_server: AuthServer) -> None:
    orders = await serve(create_app, auth_server=auth_server)
    alice = auth_server.as_user("alice", scopes="read")
    assert (await orders.get("/api/warehouse", auth=alice)).status_code == 200
"""

import hashlib
import hmac
import json
import secrets
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Any

import httpx

from chassis.config.source import ConfigSource
from chassis.testing import installed
from chassis.testing.callers import Names, bearer, split
from chassis.testing.config_directory import ConfigDirectory
from chassis.testing.installed import NotInstalledError
from chassis.testing.redis_process import redis_port
from chassis.testing.service_process import ServiceProcess

__all__ = ["AuthServer", "Login", "NotInstalledError", "auth_server"]

_PATIENCE_S = 60.0
_POLL_S = 0.01
_CLIENT_GRANT, _USER_GRANT = "client_credentials", "password"


class AuthServer:
    """A running cas-server at `url`, with its management port at `management`.

    A client or user exists once it is named, with the rights of its latest description.
    """

    def __init__(self, process: ServiceProcess, config: ConfigDirectory) -> None:
        self.url, self.management = process.url, process.management
        self._process, self._config = process, config
        self._http = httpx.Client(timeout=_PATIENCE_S, trust_env=False)
        self._secret = secrets.token_urlsafe(32)
        self._hash = _hash_generated(self._secret)
        self._services: dict[str, _Client] = {}
        self._clients: dict[str, _Client] = {}
        self._users: dict[str, list[str]] = {}

    def close(self) -> None:
        """Close the connections to the server."""
        self._http.close()

    def settings(self, service: str, *, scopes: Names = "read write") -> Mapping[str, str]:
        """Register a service, and return the settings by which it checks and requests tokens."""
        self._services[service] = _Client(split(scopes))
        self._apply()
        oauth2 = "security.oauth2"
        return {
            f"{oauth2}.client.client-id": service,
            f"{oauth2}.client.client-secret": self._secret,
            f"{oauth2}.client.access-token-uri": f"{self.url}/oauth/token",
            f"{oauth2}.resource.id": service,
            f"{oauth2}.resource.token-info-uri": f"{self.url}/oauth/check_token",
        }

    def as_user(
        self,
        name: str,
        *,
        client: str = "test-client",
        scopes: Names = (),
        authorities: Names = (),
        audience: Names | None = None,
    ) -> "Login":
        """Return a user, for requests' `auth`, who logs in at the first one.

        `audience` None is every service that is registered then.
        """
        form = {"grant_type": _USER_GRANT, "username": name, "password": self._secret}
        registration = _Client(split(scopes), audience=audience)
        return Login(self, client, registration, form, user=(name, split(authorities)))

    def as_client(
        self,
        name: str,
        *,
        scopes: Names = (),
        authorities: Names = (),
        audience: Names | None = None,
    ) -> "Login":
        """Return a client in its own name; the parameters are those of `as_user`."""
        registration = _Client(split(scopes), split(authorities), audience)
        return Login(self, name, registration, {"grant_type": _CLIENT_GRANT})

    def revoke(self, login: "Login") -> None:
        """Revoke the token of a client or user (RFC 7009)."""
        self._post("/oauth/revoke", login.client, {"token": login.token})

    def login(self, login: "Login") -> str:
        """Register a client and its user, and return a new access token.

        Raises `ValueError` where the server rejects one of them.
        """
        before = self._clients, self._users
        self._clients = {**self._clients, login.client: login.registration}
        if login.user is not None:
            self._users = {**self._users, **dict([login.user])}
        try:
            self._apply()
        except ValueError:
            self._clients, self._users = before
            raise
        response = self._post("/oauth/token", login.client, login.form)
        return str(response.json()["access_token"])

    def _post(self, path: str, client: str, form: Mapping[str, str]) -> httpx.Response:
        response = self._http.post(f"{self.url}{path}", data=form, auth=(client, self._secret))
        if response.is_error:
            raise RuntimeError(f"cas-server: {response.status_code} {response.text}")
        return response

    def _apply(self) -> None:
        """Have the server follow the registrations, as it follows an edited ConfigMap."""
        if not self._config.swap({"application.yaml": self._identities()}):
            return
        wanted = ConfigSource("cas-server", config_dir=self._config.path).read().hash
        deadline = time.monotonic() + _PATIENCE_S
        while not self._follows(wanted):
            if time.monotonic() > deadline:
                raise RuntimeError(f"cas-server did not follow: {self._process.output}")
            time.sleep(_POLL_S)

    def _follows(self, wanted: str) -> bool:
        """Return whether a version is active; raise `ValueError` where it is rejected."""
        info: dict[str, Any] = self._http.get(f"{self.management}/info").json()
        reload = info["reload"]
        if not reload["successful"] and reload.get("pendingHash") == wanted:
            raise ValueError(f"cas-server rejects {reload['key']}: {self._last_error()}")
        return bool(reload["successful"] and info["config"]["hash"] == wanted)

    def _last_error(self) -> str:
        """Return the reason in the log's last error; `/info` has no reasons."""
        errors = [line for line in self._process.output.splitlines() if '"error"' in line]
        return str(json.loads(errors[-1])["reason"]) if errors else "see its log"

    def _identities(self) -> Mapping[str, object]:
        everywhere = sorted(self._services)
        clients = {**self._clients, **self._services}
        return {
            "clients": {
                name: client.registration(self._hash, everywhere, checks=name in self._services)
                for name, client in clients.items()
            },
            "users": {
                name: {"password": self._hash, "authorities": authorities}
                for name, authorities in self._users.items()
            },
            "password-grant-clients": sorted(self._clients),
        }


class Login(httpx.Auth):
    """A client or user of an `AuthServer`; `token` is its access token."""

    def __init__(
        self,
        server: AuthServer,
        client: str,
        registration: "_Client",
        form: Mapping[str, str],
        *,
        user: tuple[str, list[str]] | None = None,
    ) -> None:
        self.client, self.registration, self.user, self.form = client, registration, user, form
        self._server = server

    @cached_property
    def token(self) -> str:
        """Log in once, and return the token."""
        return self._server.login(self)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response]:
        """Add the token (httpx)."""
        request.headers.update(bearer(self.token))
        yield request


@dataclass(frozen=True, slots=True)
class _Client:
    scopes: list[str]
    authorities: list[str] | tuple[()] = ()
    audience: Names | None = None

    def registration(
        self, secret_hash: str, everywhere: list[str], *, checks: bool
    ) -> Mapping[str, object]:
        """Return the client's part of the configuration."""
        audience = everywhere if self.audience is None else split(self.audience)
        return {
            "client-secret": secret_hash,
            "authorized-grant-types": [_CLIENT_GRANT, _USER_GRANT],
            "scope": self.scopes,
            "authorities": list(self.authorities),
            "resource-ids": audience or ["nothing"],
            "check-tokens": checks,
        }


@contextmanager
def auth_server(settings: Mapping[str, str] = MappingProxyType({})) -> Iterator[AuthServer]:
    """Run a cas-server with a Redis of its own on free loopback ports; both end with the block.

    `settings` are cas-server's, such as `access-token-validity`. Raises `NotInstalledError` where
    one of them is missing.
    """
    command = installed.cas_server()
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        password = secrets.token_urlsafe()
        redis = stack.enter_context(redis_port(directory, password=password))
        config = ConfigDirectory(directory / "config", {"application.yaml": {"clients": {}}})
        store = {
            "spring.data.redis.host": "127.0.0.1",
            "spring.data.redis.port": str(redis),
            "spring.data.redis.timeout": f"{_PATIENCE_S:g}s",
            **settings,
        }
        mounts = ConfigDirectory(directory / "secrets", {"spring.data.redis.password": password})
        process = stack.enter_context(
            ServiceProcess(command, store, config=config.path, secrets=mounts.path)
        )
        server = AuthServer(process, config)
        stack.callback(server.close)
        yield server


def _hash_generated(secret: str) -> str:
    """Return what `cas-server hash-generated` prints for a generated secret of 256 bits."""
    salt = secrets.token_hex(16)
    digest = hmac.new(salt.encode(), secret.encode(), hashlib.sha256).hexdigest()
    return f"hmac-sha256:{salt}:{digest}"
