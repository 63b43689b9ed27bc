"""JWTs of cas-server, verified by the cryptography of other languages with the published keys."""

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from cas_server.passwords.hashing import hash_generated
from chassis.jwt.algorithms import ALGORITHMS
from eventually import PATIENCE_S
from integration.cas_server.cas_process import cas_process
from redis_process import redis_port, store
from signing_keys import pem

CLIENTS = Path(__file__).parent / "clients"
GO = shutil.which("go", path=f"{os.environ['PATH']}:/usr/local/go/bin") or "go"
VERIFIERS: Mapping[str, tuple[Sequence[str], Sequence[str]]] = {
    "node": (("node", str(CLIENTS / "verify.mjs")), ALGORITHMS),
    "go": ((GO, "run", str(CLIENTS / "verify.go")), ALGORITHMS),
    "java": (("java", str(CLIENTS / "TokenKey.java")), ("RS256",)),
}
"""The commands, and the algorithms that each is to verify."""
_SECRET = "s" * 43


@dataclass(frozen=True)
class Signing:
    """A cas-server, and a token of each algorithm."""

    url: str
    tokens: Mapping[str, str]


@pytest.fixture(scope="module")
def signing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signing]:
    directory = tmp_path_factory.mktemp("signing")
    (directory / "redis").mkdir()
    with (
        redis_port(directory / "redis") as redis,
        cas_process(directory, _identities(), store(redis)) as cas,
    ):
        yield Signing(cas.url, {name: _token(cas.url, name) for name in ALGORITHMS})


def _identities() -> dict[str, object]:
    client = {
        "client-secret": hash_generated(_SECRET),
        "authorized-grant-types": ["client_credentials"],
        "scope": ["read"],
        "resource-ids": ["orders"],
        "token-format": "jwt",
    }
    return {
        "clients": {f"{name}-app": {**client, "signing-alg": name} for name in ALGORITHMS},
        "signing-keys": {name: pem(name) for name in ALGORITHMS},
    }


def _token(url: str, algorithm: str) -> str:
    reply = httpx.post(
        f"{url}/oauth/token",
        data={"grant_type": "client_credentials"},
        auth=(f"{algorithm}-app", _SECRET),
        timeout=PATIENCE_S,
    )
    return str(reply.raise_for_status().json()["access_token"])


@pytest.mark.timeout(300)  # the first `go run` compiles crypto
@pytest.mark.parametrize("language", VERIFIERS)
def test_another_language_verifies_the_tokens(signing: Signing, language: str) -> None:
    command, algorithms = VERIFIERS[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not on this machine")
    tokens = [signing.tokens[name] for name in algorithms]
    assert _seen(command, signing.url, tokens) == [
        f"{name}\ttrue\t{name}-app" for name in algorithms
    ]
    message, _, signature = tokens[-1].rpartition(".")
    other = "A" if signature[5] != "A" else "B"
    forged = f"{message}.{signature[:5]}{other}{signature[6:]}"
    assert "false" in _seen(command, signing.url, [forged])[0]


def _seen(command: Sequence[str], url: str, tokens: Sequence[str]) -> list[str]:
    done = subprocess.run(
        [*command, url, *tokens], capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()
