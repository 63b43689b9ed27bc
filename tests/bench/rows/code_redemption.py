"""What it costs cas-server to exchange an authorization code, beside a client's own token.

Either is one write to Redis; a code brings a refresh token too, and is verified (PKCE). Requests go
one after the other over one connection, so that no batch favours either.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from urllib.parse import urlencode

import httpx

from bench.accounting import cpu_seconds
from bench.row import Row, Sample
from bench.stack import Stack, basic
from cas_server.authorization.pkce import challenge_of
from cas_server.identities.demo_identities import DEMO_SECRETS
from interop.browser import Browser
from suitectl.identities import login_client

USER = "alice"
CODES = 300
"""Codes of a sample: they are made beforehand, and live for a minute."""
_CALLBACK = "http://127.0.0.1/callback"


def _measure(stack: Stack, runs: int) -> Sequence[Sample]:
    return [_sample(stack) for _ in range(runs)]


def _sample(stack: Stack) -> Sample:
    """Return the µs of cas-server's CPU of an exchange, and of a client's own token."""
    verifier = secrets.token_urlsafe(32)
    redeem = {
        "grant_type": "authorization_code",
        "redirect_uri": _CALLBACK,
        "code_verifier": verifier,
    }
    forms = [{**redeem, "code": code} for code in _codes(stack.cas.url, verifier)]
    own = [{"grant_type": "client_credentials"}] * CODES
    headers = {"Authorization": basic(login_client())}
    with httpx.Client(base_url=stack.cas.url, headers=headers, trust_env=False) as client:

        def send(form: Mapping[str, str]) -> None:
            client.post("/oauth/token", data=dict(form)).raise_for_status()

        send(own[0])
        exchanged, issued = (_each(stack.cas.pid, send, several) for several in (forms, own))
        return Sample(exchanged, issued)


def _codes(url: str, verifier: str) -> list[str]:
    """Return codes of one login, whose consent is asked once."""
    parameters = {
        "response_type": "code",
        "client_id": login_client(),
        "redirect_uri": _CALLBACK,
        "code_challenge": challenge_of(verifier),
        "code_challenge_method": "S256",
    }
    browser, address = Browser(url), f"{url}/oauth/authorize?{urlencode(parameters)}"
    browser.log_in(address, USER, DEMO_SECRETS[USER])
    return [browser.go(address).parameters["code"] for _ in range(CODES)]


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
