"""The names of the kit, and what an import brings: no kit in production, no pytest in the kit."""

import subprocess
import sys

import pytest

from chassis import testing
from sample_services import needs_chassis
from service_apps import SAMPLE

PUBLIC = {
    "AuthServer",
    "Bearer",
    "ConfigDirectory",
    "DiscoveryTable",
    "Login",
    "NotInstalledError",
    "SelfContainedTokenServices",
    "Serve",
    "Served",
    "StaticTokenServices",
    "as_client",
    "as_user",
    "auth_server",
    "bearer",
    "configured",
    "served",
}


def test_the_public_names_are_pinned_and_documented() -> None:
    assert set(testing.__all__) == PUBLIC
    assert all(getattr(testing, name).__doc__ for name in PUBLIC)


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        pytest.param(
            f"{SAMPLE.replace('-', '_')}.__main__",
            {"chassis.testing", "pytest"},
            marks=needs_chassis,
        ),
        ("cas_server.__main__", {"chassis.testing", "pytest"}),
        ("chassis.testing", {"pytest", "cas_server", "localkube", "suitectl", "testcontainers"}),
    ],
)
def test_an_import_brings_no_more_than_it_needs(module: str, absent: set[str]) -> None:
    code = f"import sys, {module}; print(*{absent} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []
