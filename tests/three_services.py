"""The services on the chassis as processes with one Redis, and a token for all of their routes."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from cas_server.passwords.hashing import hash_password
from chassis.testing import DiscoveryTable
from chassis.testing.service_process import ServiceProcess
from eventually import PATIENCE_S
from integration.cas_server.cas_process import cas_process
from redis_process import redis_port, store
from service_apps import SAMPLE
from signing_keys import OLD, TO_COME, key_file
from suitectl.catalogue import on_chassis, services

_SECRET, _PASSWORD = "fuzz-secret", "fuzz-password"
_RESOURCES = sorted((one.name for one in on_chassis().values() if one.is_api), key=SAMPLE.__eq__)
"""The one that calls the others comes last."""
_CLIENTS = tuple({SAMPLE, *_RESOURCES})
PAIR = f"{SAMPLE}:{_SECRET}"
"""Credentials of a client that may check tokens and request its own."""
USER = {"username": "fuzz-admin", "password": _PASSWORD}


@dataclass(frozen=True)
class ThreeServices:
    """The base URLs by service, of the API and of the management port."""

    urls: dict[str, str]
    management: dict[str, str]
    token: str = field(repr=False)


@contextmanager
def three_services(directory: Path, *, profile: str = "test") -> Iterator[ThreeServices]:
    """Run all of them under a profile. The last one finds the others by a static table."""
    with ExitStack() as stack:
        (directory / "redis").mkdir()
        redis = stack.enter_context(redis_port(directory / "redis"))
        shared = {"profiles": profile}
        cas = stack.enter_context(cas_process(directory, _identities(), store(redis) | shared))
        urls, management = {"cas-server": cas.url}, {"cas-server": cas.management}
        table = DiscoveryTable(directory / "table.json")
        for name in _RESOURCES:
            command = (sys.executable, "-m", name.replace("-", "_"))
            settings = {**_settings(name, cas.url), **table.settings, **shared}
            service = stack.enter_context(ServiceProcess(command, settings))
            urls[name], management[name] = service.url, service.management
            table[services()[name].service] = service.url
        yield ThreeServices(urls, management, new_token(cas.url))


def _settings(name: str, cas: str) -> dict[str, str]:
    return {
        "client.timeout": f"{PATIENCE_S:g}s",
        "greeting.message": "Hello",
        "security.oauth2.client.client-id": name,
        "security.oauth2.client.client-secret": _SECRET,
        "security.oauth2.client.access-token-uri": f"{cas}/oauth/token",
        "security.oauth2.resource.id": name,
        "security.oauth2.resource.token-info-uri": f"{cas}/oauth/check_token",
    }


def _identities() -> dict[str, object]:
    secret = hash_password(_SECRET)
    client = {
        "client-secret": secret,
        "authorized-grant-types": ["client_credentials", "password", "authorization_code"],
        "redirect-uris": ["https://app.example/callback"],
        "scope": ["openid", "profile", "email", "read", "write", "admin"],
        "resource-ids": [*_CLIENTS, "cas-server"],
        "check-tokens": True,
        "access-token-validity-seconds": 86400 * 7,
    }
    admin = {"password": hash_password(_PASSWORD), "authorities": ["ROLE_USER", "ROLE_ADMIN"]}
    return {
        "clients": dict.fromkeys(_CLIENTS, client),
        "users": {USER["username"]: admin},
        "password-grant-clients": [SAMPLE],
        **key_file(OLD),
        **key_file(OLD, "RS256"),
        **key_file(TO_COME, number=1),
    }


def new_token(cas: str) -> str:
    """Return a token of the user for all routes."""
    form = {"grant_type": "password", **USER}
    reply = httpx.post(f"{cas}/oauth/token", data=form, auth=(SAMPLE, _SECRET), timeout=PATIENCE_S)
    reply.raise_for_status()
    return str(reply.json()["access_token"])
