"""What it costs cas-server to exchange an authorization code, beside a client's own token.

Either is one write to Redis; a code brings a refresh token too, and is verified (PKCE). Requests go
one after the other over one connection, so that no batch favours either.
"""

from collections.abc import Callable, Mapping, Sequence

import httpx

from bench.accounting import cpu_seconds
from bench.logins import Logins
from bench.row import Row, Sample
from bench.stack import Stack, basic
from suitectl.identities import login_client

CODES = 300
"""Codes of a sample: they are made beforehand, and live for a minute."""


def _measure(stack: Stack, runs: int) -> Sequence[Sample]:
    return [_sample(stack) for _ in range(runs)]


def _sample(stack: Stack) -> Sample:
    """Return the µs of cas-server's CPU of an exchange, and of a client's own token."""
    forms = Logins(stack.cas.url).redemptions(CODES)
    own = [{"grant_type": "client_credentials"}] * CODES
    headers = {"Authorization": basic(login_client())}
    with httpx.Client(base_url=stack.cas.url, headers=headers, trust_env=False) as client:

        def send(form: Mapping[str, str]) -> None:
            client.post("/oauth/token", data=dict(form)).raise_for_status()

        send(own[0])
        exchanged, issued = (_each(stack.cas.pid, send, several) for several in (forms, own))
        return Sample(exchanged, issued)


def _each(
    pid: int, send: Callable[[Mapping[str, str]], None], forms: Sequence[Mapping[str, str]]
) -> float:
    began = cpu_seconds(pid)
    for form in forms:
        send(form)
    ended = cpu_seconds(pid)
    assert began is not None
    assert ended is not None
    return (ended - began) / len(forms) * 1e6


ROWS = (
    Row(
        title="authorization code exchanged, CPU",
        limit_title="client_credentials, CPU",
        unit="µs",
        target=None,
        at_most=True,
        measure=_measure,
        needs=("CPU accounting",),
    ),
)
