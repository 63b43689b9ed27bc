"""Probes and lifecycle hooks."""

from localkube.api.objects import Object
from localkube.api.validation import formats
from localkube.api.validation.field import Field

_HANDLERS = ("exec", "httpGet", "tcpSocket", "sleep")
_TIMES = (
    *("initialDelaySeconds", "timeoutSeconds", "periodSeconds"),
    *("successThreshold", "failureThreshold"),
)


def check_probe(probe: Object, grace: int, at: Field) -> None:
    """Check a probe; a 0 means the default."""
    check_handler(probe, grace, at)
    for name in _TIMES:
        at.child(name).not_negative(probe.get(name))


def check_handler(handler: Object, grace: int, at: Field) -> None:
    """Check that a probe or hook has exactly one action."""
    first, *others = [name for name in _HANDLERS if name in handler] or [""]
    for other in others:
        at.child(other).forbidden("may not specify more than 1 handler type")
    action = handler.get(first, {})
    if not first:
        at.required("must specify a handler type")
    elif first == "exec" and not action.get("command"):
        at.child("exec").child("command").required()
    elif first == "httpGet":
        _check_request(action, at.child("httpGet"))
    elif first == "tcpSocket":
        check_port(action.get("port", 0), at.child("tcpSocket").child("port"))
    elif first == "sleep" and not 0 <= action.get("seconds", 0) <= grace:
        bound = f"must be non-negative and less than terminationGracePeriodSeconds ({grace})"
        at.child("sleep").invalid(action["seconds"], bound)


def check_port(port: int | str, at: Field) -> None:
    """Check a port's number or name."""
    at.invalid(
        port, *(formats.port_number(port) if isinstance(port, int) else formats.port_name(port))
    )


def _check_request(request: Object, at: Field) -> None:
    check_port(request.get("port", 0), at.child("port"))
    for header in request.get("httpHeaders", []):
        name = header.get("name", "")
        at.child("httpHeaders").invalid(name, *formats.header_name(name))
