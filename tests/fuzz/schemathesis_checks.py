"""Additional checks of each response by schemathesis, loaded by `st run`."""

from typing import Any

import schemathesis
from schemathesis import Case, CheckContext, Response

_FAULT, _NOT_IMPLEMENTED, _UNAVAILABLE = 500, 501, 503
_OF_ANY_REQUEST = frozenset({405, 408, 431})


@schemathesis.check
def no_internal_error(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """No 5xx except 501, and 503 with Retry-After."""
    del ctx, case
    status = response.status_code
    if status == _UNAVAILABLE:
        assert response.headers.get("retry-after"), "a 503 without Retry-After"
    else:
        assert status < _FAULT or status == _NOT_IMPLEMENTED, f"a {status}"


@schemathesis.check
def an_error_has_a_code(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """Every 4xx and 5xx is JSON with `error`, since Spring accepts any other body as success."""
    del ctx
    if response.status_code >= 400 and case.method != "HEAD":
        body: Any = response.json()
        assert isinstance(body, dict), "not a JSON object"
        assert body.get("error"), "an error without `error`"


@schemathesis.check
def every_response_has_its_trace(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """Every response has `traceresponse`, whichever layer writes it."""
    del ctx, case
    assert response.headers.get("traceresponse"), "no traceresponse"


@schemathesis.check
def a_status_is_declared(ctx: CheckContext, response: Response, case: Case[Any]) -> None:
    """An operation that declares its errors has no others."""
    del ctx
    declared = set(case.operation.responses.status_codes)
    if "400" in declared and response.status_code not in _OF_ANY_REQUEST:
        assert str(response.status_code) in declared, f"an undeclared {response.status_code}"
