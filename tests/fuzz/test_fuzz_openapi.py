"""schemathesis with each service's OpenAPI document: a service does what its document says.

It runs with the document as is, with and without credentials; then with undeclared parameters, like
a hostile caller.
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
from repetitions import FUZZ, repetitions
from suitectl.catalogue import on_chassis, token_service
from three_services import PAIR, ThreeServices, new_token, three_services

BY_CLIENT = "^/(oauth|connect)/"
"""Operations of clients; all others take a bearer token."""
BY_BROWSER = "^/oauth/authorize"
"""Operations of browsers: a page says what a client or a user would have to know."""
BEARER, CLIENT, NOBODY, BROWSER = "bearer", "client", "nobody", "browser"
RUNS = [
    *((name, BEARER, loose) for name in on_chassis() for loose in (False, True)),
    *((token_service().name, by, loose) for by in (CLIENT, BROWSER) for loose in (False, True)),
    *((name, NOBODY, False) for name in on_chassis()),
]
NAMES = [f"{name}-{by}{'-loosened' if loose else ''}" for name, by, loose in RUNS]
OURS = (
    *("no_internal_error", "an_error_has_a_code", "every_response_has_its_trace"),
    "a_status_is_declared",
)
THEIRS = (
    *("response_schema_conformance", "allow_header_conformance"),
    *("content_type_conformance", "response_headers_conformance"),
)
STRICT = (
    *("status_code_conformance", "negative_data_rejection", "missing_required_header"),
    *("unsupported_method", "ignored_auth"),
)
"""Only for the document as it is: undeclared parameters are no reason to refuse a request.

Left out are `not_a_server_error`, since a 503 may be right (`no_internal_error`), and the checks
that need operations which create and delete.
"""
ACCEPTING = ("positive_data_acceptance",)
"""Not for clients: a well-formed token may be unknown, and a secret may not be sent twice. Nor for
browsers, whose client has to be registered."""
UNDECLARABLE = (
    # A client, a user, or both: parameters of which one is required.
    *(f"DELETE /admin/v1/{kind}" for kind in ("consents", "families", "tokens")),
    "POST /userinfo",  # the token in the header or in the form, and not in both
)
"""Operations that need what no schema can say, so that they refuse what it allows."""
SESSION_FIRST = (
    *("POST /account", "POST /logout"),
    *("GET /connect/logout", "POST /connect/logout", "POST /connect/logout/confirm"),
)
"""Pages that respond before they look at what was sent, where there is no session; an application
that logs out has to be registered."""
_ALSO = "checks.{}.expected-statuses = [{}]\n"
_REFUSED = _ALSO.format("positive_data_acceptance", '"2xx", "3xx", "400", "401", "403", "404"')
_ANSWERED = _ALSO.format("negative_data_rejection", '"200", "303", "4xx"')
SETTINGS = "".join(
    f'[[operations]]\ninclude-name = "{name}"\n{_REFUSED}{_ANSWERED * (name in SESSION_FIRST)}'
    for name in (*UNDECLARABLE, *SESSION_FIRST)
)
ROUNDS = repetitions(FUZZ)
CASES = max(10, ROUNDS // 1_000)
"""Examples per operation. One HTTP request with its checks costs as much as many other rounds."""
SEED = os.environ.get("FUZZ_SEED", "" if ROUNDS else "1")
"""Fixed in a plain run; `make fuzz N=…` takes another one each time, and prints it on failure."""
TESTS = str(Path(__file__).parents[1])


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ThreeServices]:
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
@pytest.mark.parametrize(("name", "by", "loose"), RUNS, ids=NAMES)
def test_a_service_does_what_its_document_says(
    running: ThreeServices, name: str, by: str, tmp_path: Path, *, loose: bool
) -> None:
    # A new one: schemathesis finds out which request ends the one that it uses.
    url, token = running.urls[name], new_token(running.urls["cas-server"])
    bearer = f"Authorization: Bearer {token}"
    sent = dict([bearer.split(": ")])
    found = httpx.get(f"{url}/openapi.json", headers=sent, timeout=PATIENCE_S)
    document = found.raise_for_status().json()
    (tmp_path / "openapi.json").write_text(json.dumps(loosened(document) if loose else document))
    (tmp_path / "schemathesis.toml").write_text(SETTINGS)
    chosen = {
        BEARER: ("--exclude-path-regex", BY_CLIENT, "--header", bearer),
        CLIENT: ("--include-path-regex", BY_CLIENT, "--auth", PAIR),
        BROWSER: ("--include-path-regex", BY_BROWSER),
        NOBODY: ("--exclude-path-regex", BY_BROWSER),
    }
    checks = [*OURS, *THEIRS, *(() if loose else STRICT)]
    checks += () if loose or by in (CLIENT, BROWSER) else ACCEPTING
    done = schemathesis(tmp_path, "--url", url, "--checks", ",".join(checks), *chosen[by])

    assert done.returncode == 0, done.stdout[-20_000:] + done.stderr[-5_000:]
    assert " passed" in done.stdout


def schemathesis(directory: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    options = {
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
