"""What serves in production imports no test kit, and the kit needs no pytest but for fixtures."""

import subprocess
import sys

import pytest

from service_apps import SAMPLE


@pytest.mark.parametrize(
    ("module", "absent"),
    [
        (f"{SAMPLE.replace('-', '_')}.__main__", {"chassis.testing", "pytest"}),
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
