"""docs/design/style.md, "Packages": the names that a service author may rely on."""

import ast
from itertools import pairwise
from pathlib import Path

import chassis

PUBLIC = {
    "ApiError",
    "Authentication",
    "Chassis",
    "ClientCredentials",
    "ConfigError",
    "CurrentAuthentication",
    "LiveConfig",
    "ReadyCheck",
    "Section",
    "ServiceClient",
    "ServiceClients",
    "ServiceSettings",
    "TokenRelay",
    "TokenServices",
    "any_of",
    "authority",
    "create_app",
    "current_settings",
    "error_responses",
    "login",
    "requires",
    "run_service",
    "scope",
    "service_client",
}


def test_the_public_names_are_pinned() -> None:
    assert set(chassis.__all__) == PUBLIC
    assert all(hasattr(chassis, name) for name in PUBLIC)


def test_every_public_name_has_a_docstring() -> None:
    aliases = {"CurrentAuthentication", "ReadyCheck"}
    assert all(getattr(chassis, name).__doc__ for name in PUBLIC - aliases)
    assert aliases <= documented_assignments()


def documented_assignments() -> set[str]:
    """Return the module-level names of the chassis with a string below their assignment."""
    modules = [ast.parse(path.read_bytes()) for path in Path(chassis.__file__).parent.rglob("*.py")]
    return {
        target.id
        for module in modules
        for assigned, below in pairwise(module.body)
        if isinstance(assigned, ast.Assign) and isinstance(below, ast.Expr)
        if isinstance(below.value, ast.Constant)
        for target in assigned.targets
        if isinstance(target, ast.Name)
    }
