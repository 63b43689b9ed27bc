"""The three services as processes with one Redis, and a token for all of their routes."""

import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import yaml

from cas_server.passwords.hashing import hash_password
from eventually import PATIENCE_S
from integration.cas_server.cas_process import cas_process
from integration.chassis_server.service_process import ServiceProcess, spawn
from redis_process import AS_CAS_SERVER, PATIENT, redis_port
from service_apps import SAMPLE
from suitectl.catalogue import apis, services

_SECRET, _PASSWORD = "fuzz-secret", "fuzz-password"
_RESOURCES = sorted((service.name for service in apis()), key=SAMPLE.__eq__)
"""The one that calls the others comes last."""
PAIR = f"{SAMPLE}:{_SECRET}"
"""Credentials of a client that may check tokens and request its own."""
USER = {"username": "fuzz-admin", "password": _PASSWORD}
_LOCAL = ("--server.address=127.0.0.1", "--server.port=0", "--server.drain-wait=0s")


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
        (directory / "application.yaml").write_text(yaml.safe_dump(_identities()))
        table, host = directory / "table.json", {"spring.data.redis.host": "127.0.0.1"}
        store = {**AS_CAS_SERVER, **PATIENT, **host, "spring.data.redis.port": str(redis)}
        store["profiles"] = profile
        cas = stack.enter_context(cas_process(directory, store))
        urls, management = {"cas-server": cas.url}, {"cas-server": cas.management}
        addresses: dict[str, str] = {}
        for name in _RESOURCES:
            service = stack.enter_context(_resource_service(name, cas.url, table, profile))
            urls[name] = "http://{}:{}".format(*service.api)
            management[name] = "http://{}:{}".format(*service.management)
            addresses[f"{services()[name].service}.default:80"] = urls[name].removeprefix("http://")
            table.write_text(json.dumps(addresses))
        yield ThreeServices(urls, management, _token(cas.url))


@contextmanager
def _resource_service(name: str, cas: str, table: Path, profile: str) -> Iterator[ServiceProcess]:
    flags = {
        "profiles": profile,
        "client.timeout": f"{PATIENCE_S:g}s",
        "discovery.mode": "static",
        "discovery.table": str(table),
        "greeting.message": "Hello",
        "security.oauth2.client.client-id": name,
        "security.oauth2.client.client-secret": _SECRET,
        "security.oauth2.client.access-token-uri": f"{cas}/oauth/token",
        "security.oauth2.resource.id": name,
        "security.oauth2.resource.token-info-uri": f"{cas}/oauth/check_token",
    }
    arguments = (*_LOCAL, *(f"--{key}={value}" for key, value in flags.items()))
    module = name.replace("-", "_")
    with spawn(*arguments, command=("-m", module)) as process:
        service = ServiceProcess(process)
        with service.open:
            service.started()
            yield service


def _identities() -> dict[str, object]:
    secret = hash_password(_SECRET)
    client = {
        "client-secret": secret,
        "authorized-grant-types": ["client_credentials", "password"],
        "scope": ["read", "write"],
        "resource-ids": list(_RESOURCES),
        "check-tokens": True,
        "access-token-validity-seconds": 86400 * 7,
    }
    admin = {"password": hash_password(_PASSWORD), "authorities": ["ROLE_USER", "ROLE_ADMIN"]}
    return {
        "clients": dict.fromkeys(_RESOURCES, client),
        "users": {USER["username"]: admin},
        "password-grant-clients": [SAMPLE],
    }


def _token(cas: str) -> str:
    form = {"grant_type": "password", **USER}
    reply = httpx.post(f"{cas}/oauth/token", data=form, auth=(SAMPLE, _SECRET), timeout=PATIENCE_S)
    reply.raise_for_status()
    return str(reply.json()["access_token"])
