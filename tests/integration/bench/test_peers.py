"""Each peer does the work that it is compared by."""

import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from redis import Redis

import sample_services
from bench import needs
from bench.accounting import cpu_seconds
from bench.logins import redemption
from bench.peers import oidc_provider, python
from bench.peers.clients import CLIENTS
from bench.peers.constant import BODY
from bench.stack import OPEN_PATH, SERVICE, Setup, Stack, basic, issued_token
from cas_server.authorization.pkce import challenge_of
from cas_server.identities.demo_identities import DEMO_SECRETS
from suitectl.identities import login_client
from suitectl.story.cast import DEMO, REST_SERVICE

TOKEN_INFO = "/oauth/check_token"


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with ExitStack() as processes:
        yield Stack(tmp_path_factory.mktemp("bench"), processes)


@sample_services.needs(REST_SERVICE)  # after which the endpoint is modelled
def test_the_bare_endpoint_responds_like_that_of_the_chassis(stack: Stack) -> None:
    with (
        stack.running(SERVICE, {"SECURITY__PATH__IGNORES": "/**"}) as chassis,
        python.serving(stack, "fastapi_app") as bare,
    ):
        ours, theirs = (sent(f"{one.url}{OPEN_PATH}") for one in (chassis, bare))
    assert ours.keys() == theirs.keys()
    assert abs(len(json.dumps(ours)) - len(json.dumps(theirs))) < 20


@sample_services.needs(*DEMO)  # whose names are the audience of its token
def test_the_constant_is_as_long_as_a_response_of_check_token(stack: Stack) -> None:
    (token,) = stack.tokens(1)
    with post(f"{stack.cas.url}{TOKEN_INFO}", f"token={token}") as response:
        assert abs(len(response.read()) - len(BODY)) < 50
    with (
        python.serving(stack, "constant") as server,
        urllib.request.urlopen(server.url, timeout=60) as response,
    ):
        assert response.read() == BODY


@pytest.mark.skipif(bool(needs.missing(("node-oidc-provider",))), reason="make bench-peers")
@pytest.mark.parametrize("hint", ["", oidc_provider.HINT])
def test_node_oidc_provider_introspects_what_it_issued(stack: Stack, hint: str) -> None:
    with oidc_provider.serving(stack, SERVICE) as server:
        token = issued_token(f"{server.url}/token")
        url = f"{server.url}{oidc_provider.INTROSPECTION}"
        assert introspected(url, f"token={token}{hint}") == (True, SERVICE)
        assert introspected(url, f"token={token[:-1]}{hint}") == (False, None)
        assert cpu_seconds(server.pid) is not None


@pytest.mark.skipif(bool(needs.missing(("node-oidc-provider",))), reason="make bench-peers")
def test_node_oidc_provider_exchanges_a_code_once_for_both_tokens(stack: Stack) -> None:
    client, verifier = login_client(), "v" * 43
    with (
        oidc_provider.serving(stack, client) as server,
        httpx.Client(auth=(client, DEMO_SECRETS[client]), trust_env=False) as http,
    ):

        def exchanged(code: str, proof: str) -> httpx.Response:
            return http.post(f"{server.url}{oidc_provider.TOKEN}", data=redemption(code, proof))

        once, unproven = oidc_provider.codes(server.url, challenge_of(verifier), 2)
        # First, since a second use of a code ends what else its grant has.
        assert exchanged(unproven, "w" * 43).json()["error"] == "invalid_grant"
        first, second = exchanged(once, verifier), exchanged(once, verifier)
        assert {"access_token", "refresh_token"} <= first.json().keys()
        assert second.json()["error"] == "invalid_grant"


def test_a_stack_as_in_production_has_each_write_acknowledged_by_a_replica(tmp_path: Path) -> None:
    setup = Setup(environment={"CAS_SERVER__DURABILITY__WAIT_REPLICAS": "1"}, replicated=True)
    with ExitStack() as processes:
        stack = Stack(tmp_path, processes, setup)
        assert stack.tokens(1)
        with Redis(port=stack.redis_port) as redis:
            assert redis.info("replication")["connected_slaves"] == 1
            assert redis.info("persistence")["aof_enabled"] == 1
            assert redis.info("commandstats")["cmdstat_wait"]["calls"] > 0


@pytest.mark.parametrize("name", CLIENTS)
def test_a_client_is_measured_in_a_process_of_its_own(stack: Stack, name: str) -> None:
    if name in needs.NEEDS and needs.missing((name,)):
        pytest.skip("make bench-peers")
    with python.serving(stack, "constant") as server:
        command = [sys.executable, "-m", "bench.peers.clients", name, server.url, "2", "0.1"]
        done = subprocess.run(command, env=python.environment(), check=True, capture_output=True)
    measured = json.loads(done.stdout)
    assert measured.keys() == {"rate", "p99_ms", "cpu_us"}
    assert min(measured.values()) > 0


def test_a_peer_that_does_not_start_says_why(stack: Stack) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such peer')"]
    with (
        pytest.raises(RuntimeError, match="exit code 1: no such peer"),
        stack.peer(lambda _port: command, os.environ),
    ):
        pass


def introspected(url: str, form: str) -> tuple[bool, str | None]:
    """Return whether a token is active, and whose it is."""
    with post(url, form) as response:
        stated = json.load(response)
    return stated["active"], stated.get("client_id")


def post(url: str, form: str) -> Any:
    """Send a form as the measured service."""
    headers = {"Authorization": basic(SERVICE)}
    request = urllib.request.Request(url, form.encode(), headers)
    return urllib.request.urlopen(request, timeout=60)


def sent(url: str) -> dict[str, Any]:
    """Return the JSON at a URL."""
    with urllib.request.urlopen(url, timeout=60) as response:
        return dict(json.load(response))
