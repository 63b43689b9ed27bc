"""What it costs cas-server to exchange an authorization code, beside a client's own token, and
beside another server's exchange.

Requests go one after the other over one connection, so that no batch favours any. A client's own
token is one write to Redis, too; a code brings a refresh token besides, and is verified (PKCE).
"""

import secrets
from collections.abc import Mapping, Sequence

import httpx

from bench.accounting import cpu_seconds
from bench.contestants import TOKEN_PATH
from bench.logins import Logins, redemption
from bench.peers import oidc_provider
from bench.row import Row, Sample
from bench.stack import Service, Stack, basic
from cas_server.authorization.pkce import challenge_of
from suitectl.identities import login_client

CODES = 300
"""Codes of a sample: they are made beforehand, and live for a minute."""
_WARM_UPS = 3
"""Samples of the peer before the first that counts, for its just-in-time compiler."""

Forms = Sequence[Mapping[str, str]]


def _beside_own_tokens(stack: Stack, runs: int) -> Sequence[Sample]:
    own = [{"grant_type": "client_credentials"}] * CODES
    _cpu_us(stack.cas, TOKEN_PATH, own[:1])
    return [Sample(_exchanged(stack.cas), _cpu_us(stack.cas, TOKEN_PATH, own)) for _ in range(runs)]


def _beside_peer(stack: Stack, runs: int) -> Sequence[Sample]:
    with oidc_provider.serving(stack, login_client()) as peer:
        for _ in range(_WARM_UPS):
            _exchanged_by_peer(peer)
        return [Sample(_exchanged(stack.cas), _exchanged_by_peer(peer)) for _ in range(runs)]


def _exchanged(cas: Service) -> float:
    return _cpu_us(cas, TOKEN_PATH, Logins(cas.url).redemptions(CODES))


def _exchanged_by_peer(peer: Service) -> float:
    verifier = secrets.token_urlsafe(32)
    codes = oidc_provider.codes(peer.url, challenge_of(verifier), CODES)
    return _cpu_us(peer, oidc_provider.TOKEN, [redemption(code, verifier) for code in codes])


def _cpu_us(server: Service, path: str, forms: Forms) -> float:
    """Return the µs of the server's CPU for each form that its token endpoint gets."""
    headers = {"Authorization": basic(login_client())}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False) as client:
        began = cpu_seconds(server.pid)
        for form in forms:
            client.post(path, data=dict(form)).raise_for_status()
        ended = cpu_seconds(server.pid)
    assert began is not None
    assert ended is not None
    return (ended - began) / len(forms) * 1e6


_TITLE, _CPU = "authorization code exchanged, CPU", "CPU accounting"
ROWS = (
    Row(
        title=_TITLE,
        limit_title="client_credentials, CPU",
        unit="µs",
        target=None,
        at_most=True,
        measure=_beside_own_tokens,
        needs=(_CPU,),
    ),
    Row(
        title=_TITLE,
        limit_title="node-oidc-provider",
        unit="µs",
        target=None,
        at_most=True,
        measure=_beside_peer,
        needs=(_CPU, "node-oidc-provider"),
    ),
)
