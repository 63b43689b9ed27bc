"""1,000 clients and 1,000 users under `prod`, in one Secret, against 10 of each."""

import http.client
import secrets
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

import yaml

from bench.accounting import resident_mib
from bench.contestants import CHECK_TOKEN_PATH, CHECKS, TOKEN_PATH
from bench.row import Row, Sample, bounded
from bench.stack import Service, Stack, basic, issued_token
from bench.tools import wrk
from cas_server.passwords.hashing import hash_generated, hash_password
from chassis.testing import ConfigDirectory

MANY, FEW, TOKENS = 1_000, 10, 64
RELOAD_S, STALL_MS, MORE_MIB = 2.0, 100.0, 20.0
_CALLER = "client-0000"


@dataclass(frozen=True, slots=True)
class _Crowd:
    """A running cas-server, the Secret it follows, and its caller's secret."""

    service: Service
    volume: ConfigDirectory
    secret: str
    text: str

    @property
    def authorization(self) -> str:
        return basic(_CALLER, self.secret)

    def tokens(self) -> list[str]:
        url = f"{self.service.url}{TOKEN_PATH}"
        return [issued_token(url, self.authorization) for _ in range(TOKENS)]

    def rate(self, tokens: Sequence[str]) -> float:
        return wrk(f"{self.service.url}{CHECK_TOKEN_PATH}", CHECKS, self.authorization, *tokens)


@contextmanager
def _crowd(stack: Stack, count: int) -> Iterator[_Crowd]:
    secret = secrets.token_urlsafe(32)
    text, place = _registrations(count, secret), stack.directory / secrets.token_hex(4)
    volume = ConfigDirectory(place / "secrets", {"application.yaml": text})
    config = ConfigDirectory(place / "config", {"application.yaml": "refresh-grace: 10s\n"})
    # A Redis' database of its own: identities that another one lacks would end.
    mounts = {"SECRETS_DIR": str(volume.path), "CONFIG_DIR": str(config.path)}
    own = {"PROFILES_ACTIVE": "prod", "SPRING__DATA__REDIS__DATABASE": str(1 + (count == MANY))}
    with stack.running("cas-server", {**stack.cas_environment(), **mounts, **own}) as service:
        yield _Crowd(service, volume, secret, text)


def _registrations(count: int, secret: str) -> str:
    hashed = hash_generated(secret)
    parameters, _, digest = hash_password(secret).rpartition("$")
    clients = {
        f"client-{number:04d}": {
            "client-secret": hashed if not number else hash_generated(secrets.token_urlsafe(32)),
            "authorized-grant-types": ["client_credentials"],
            "scope": ["read", "write"],
            "resource-ids": [f"client-{number:04d}"],
            "check-tokens": True,
        }
        for number in range(count)
    }
    # Other digests for the same salt: a thousand hashes would take twenty seconds.
    users = {
        f"user-{number:04d}": {
            "password": f"{parameters}${number:04d}{digest[4:]}",
            "authorities": ["ROLE_USER"],
        }
        for number in range(count)
    }
    tree = {"clients": clients, "users": users, "record-keys": [secrets.token_urlsafe(32)]}
    return yaml.safe_dump(tree)


def _speed(stack: Stack, runs: int) -> list[Sample]:
    with _crowd(stack, MANY) as many, _crowd(stack, FEW) as few:
        of_many, of_few = many.tokens(), few.tokens()
        many.rate(of_many), few.rate(of_few)
        return [Sample(many.rate(of_many), few.rate(of_few)) for _ in range(runs)]


def _memory(stack: Stack, _runs: int) -> list[float]:
    with _crowd(stack, MANY) as many, _crowd(stack, FEW) as few:
        for one in (many, few):
            one.rate(one.tokens())
        return [resident_mib(many.service.pid) - resident_mib(few.service.pid)]


def _reload(stack: Stack, runs: int, figure: str) -> list[float]:
    """Swap the Secret while one caller checks a token over and over."""
    with _crowd(stack, MANY) as many:
        token = many.tokens()[0]
        swaps = [_swapped(many, token, number) for number in range(runs)]
        return [took if figure == "took" else slowest for took, slowest in swaps]


def _swapped(crowd: _Crowd, token: str, number: int) -> tuple[float, float]:
    """Return the seconds until the swap was loaded, and the ms of the slowest response."""
    slowest, done = [0.0], threading.Event()
    caller = threading.Thread(target=_call, args=(crowd, token, slowest, done))
    caller.start()
    began, before = time.perf_counter(), _loads(crowd)
    crowd.volume.swap({"application.yaml": f"{crowd.text}issuer: http://issuer-{number}\n"})
    while _loads(crowd) == before and time.perf_counter() - began < 30:
        time.sleep(0.01)
    took = time.perf_counter() - began
    done.wait(0.5)  # what follows a reload: the comparison with the store
    done.set()
    caller.join()
    return took, slowest[0]


def _loads(crowd: _Crowd) -> str:
    """Return the issuer that is served now."""
    connection = http.client.HTTPConnection(crowd.service.url.removeprefix("http://"), timeout=30)
    connection.request("GET", "/.well-known/oauth-authorization-server")
    text = connection.getresponse().read().decode()
    connection.close()
    return text.partition('"issuer":')[2].partition(",")[0]


def _call(crowd: _Crowd, token: str, slowest: list[float], done: threading.Event) -> None:
    connection = http.client.HTTPConnection(crowd.service.url.removeprefix("http://"), timeout=30)
    headers = {
        "Authorization": crowd.authorization,
        "Content-Type": "application/x-www-form-urlencoded",
    }
    while not done.is_set():
        began = time.perf_counter()
        connection.request("POST", CHECK_TOKEN_PATH, f"token={token}", headers)
        response = connection.getresponse()
        response.read()
        if response.status != 200:
            raise RuntimeError(f"check_token responded {response.status} during a reload")
        slowest[0] = max(slowest[0], (time.perf_counter() - began) * 1000)
    connection.close()


_OF = f"{MANY:,} clients and users"
ROWS = (
    Row(
        title=f"check_token, {_OF}",
        limit_title=f"{FEW} of each",
        unit="/s",
        target=0.97,
        at_most=False,
        measure=_speed,
        needs=("wrk",),
    ),
    bounded(f"{_OF}, memory over {FEW} of each", MORE_MIB, "MiB", _memory, needs=("wrk",)),
    bounded(f"{_OF}, Secret swap to served", RELOAD_S, "s", partial(_reload, figure="took")),
    bounded(
        f"{_OF}, slowest check_token while reloading",
        STALL_MS,
        "ms",
        partial(_reload, figure="slowest"),
    ),
)
