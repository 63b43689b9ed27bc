"""Resident memory of a cas-server with a signing key of each algorithm: at rest, and after logins.

Keys bring `cryptography`, the first page Jinja2, and the first rotation its cipher.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import httpx

from bench.accounting import resident_mib
from bench.logins import Logins
from bench.row import bounded
from bench.rows.memory import TOKENS
from bench.stack import Service, Stack, basic
from chassis.jwt.algorithms import ALGORITHMS
from signing_keys import OLD, key_file
from suitectl.identities import login_client

LIMIT_MIB = 80.0
LOGINS, CODES = 5, 4
"""People who log in one after the other, and the codes of each."""
_SCOPE = "openid read"
_REGISTERED, _WITH_OPENID = "scope: [read, write]", "scope: [openid, read, write]"


@contextmanager
def signing(stack: Stack) -> Iterator[Service]:
    """Run a cas-server whose access tokens and id tokens are signed."""
    mounted = stack.directory / f"{TOKENS}-secrets"
    signing = stack.directory / f"{TOKENS}-signing-secrets"
    shutil.copytree(mounted, signing, dirs_exist_ok=True)
    for path in signing.glob("*.yaml"):
        path.write_text(path.read_text().replace(_REGISTERED, _WITH_OPENID))
    for algorithm in ALGORITHMS:
        for name, pem in key_file(OLD, algorithm).items():
            (signing / name).write_text(pem)
    environment = {"SECRETS_DIR": str(signing), "CAS_SERVER__TOKEN_FORMAT": "jwt"}
    with stack.running(TOKENS, {**stack.cas_environment(), **environment}) as service:
        yield service


def _at_rest(stack: Stack, runs: int) -> Sequence[float]:
    return [_measured(stack, 0) for _ in range(runs)]


def _after_logins(stack: Stack, runs: int) -> Sequence[float]:
    return [_measured(stack, LOGINS) for _ in range(runs)]


def _measured(stack: Stack, logins: int) -> float:
    with signing(stack) as service:
        headers = {"Authorization": basic(login_client())}
        with httpx.Client(base_url=service.url, headers=headers, trust_env=False) as client:
            for _ in range(logins):
                for form in Logins(service.url, _SCOPE).redemptions(CODES):
                    _used(client, form)
        return resident_mib(service.pid)


def _used(client: httpx.Client, redemption: Mapping[str, str]) -> None:
    """Redeem a code, rotate the refresh token, and ask who has logged in."""
    tokens = _issued(client, redemption)
    refresh = {"grant_type": "refresh_token", "refresh_token": tokens["refresh_token"]}
    bearer = {"Authorization": f"Bearer {_issued(client, refresh)['access_token']}"}
    client.get("/userinfo", headers=bearer).raise_for_status()


def _issued(client: httpx.Client, form: Mapping[str, str]) -> Mapping[str, str]:
    issued: Mapping[str, str] = (
        client.post("/oauth/token", data=dict(form)).raise_for_status().json()
    )
    return issued


ROWS = tuple(
    bounded(
        f"{TOKENS} with signing keys, {what}", LIMIT_MIB, "MiB", measure, needs=("CPU accounting",)
    )
    for what, measure in (
        ("resident memory at rest", _at_rest),
        ("memory after logins", _after_logins),
    )
)
