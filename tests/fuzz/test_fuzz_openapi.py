"""schemathesis with each service's OpenAPI document: no internal error, and coded errors only.

It runs twice: with the document as is, and with undeclared parameters, like a hostile caller.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from eventually import PATIENCE_S
from suitectl.catalogue import apis
from three_services import PAIR, ThreeServices, three_services

BY_CLIENT = "^/oauth/"
RUNS = {
    "cas-server": ("cas-server", "--exclude-path-regex"),
    "cas-server-oauth": ("cas-server", "--include-path-regex"),
    **{service.name: (service.name, "--exclude-path-regex") for service in apis()},
}
"""Services, and filters for operations: some need client credentials, others a bearer token."""
OURS = (
    *("no_internal_error", "an_error_has_a_code", "every_response_has_its_trace"),
    "a_status_is_declared",
)
THEIRS = (
    *("response_schema_conformance", "allow_header_conformance"),
    *("content_type_conformance", "response_headers_conformance"),
)
CASES = max(10, int(os.environ.get("FUZZ_ROUNDS", "0")) // 1_000)
"""Examples per operation. One HTTP request with its checks costs as much as many other rounds."""
SEED = os.environ.get("FUZZ_SEED", "")
TESTS = str(Path(__file__).parents[1])


@pytest.fixture(scope="module")
def services(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeServices]:
    with three_services(tmp_path_factory.mktemp("services")) as running:
        yield running


def loosened(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document with parameters that no handler declares."""
    text = {"type": "string"}
    more = [
        {"name": "any", "in": "query", "schema": {"type": "array", "items": text}},
        {"name": "X-Any", "in": "header", "schema": text},
        {"name": "Accept", "in": "header", "schema": text},
        {"name": "any", "in": "cookie", "schema": text},
    ]
    for path in document["paths"].values():
        for operation in path.values():
            operation["parameters"] = [*operation.get("parameters", []), *more]
    return document


@pytest.mark.timeout(600)
@pytest.mark.parametrize("loose", [False, True], ids=["as-it-is", "loosened"])
@pytest.mark.parametrize("run", RUNS)
def test_no_request_causes_an_undeclared_error(
    services: ThreeServices, run: str, tmp_path: Path, *, loose: bool
) -> None:
    name, choice = RUNS[run]
    url, bearer = services.urls[name], f"Authorization: Bearer {services.token}"
    sent = dict([bearer.split(": ")])
    found = httpx.get(f"{url}/openapi.json", headers=sent, timeout=PATIENCE_S)
    document = found.raise_for_status().json()
    (tmp_path / "openapi.json").write_text(json.dumps(loosened(document) if loose else document))
    by_client = choice == "--include-path-regex"
    credentials = ("--auth", PAIR) if by_client else ("--header", bearer)
    done = schemathesis(tmp_path, "--url", url, choice, BY_CLIENT, *credentials)

    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]


def schemathesis(directory: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    options = {
        "--checks": ",".join((*OURS, *THEIRS)),
        "--max-examples": str(CASES),
        "--request-timeout": f"{PATIENCE_S:g}",
        "--generation-database": "none",
        "--warnings": "off",
        **({"--seed": SEED} if SEED else {}),
    }
    flags = [text for option in options.items() for text in option]
    return subprocess.run(
        [sys.executable, "-m", "schemathesis.cli", "run", "openapi.json", *arguments, *flags],
        cwd=directory,
        env={**os.environ, "SCHEMATHESIS_HOOKS": "fuzz.schemathesis_checks", "PYTHONPATH": TESTS},
        capture_output=True,
        text=True,
        check=False,
    )
