"""For an ordinary user a privileged port is moved, and nothing else differs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import localkube as package
from integration.localkube.kit import Localkube, deployment, service

NOBODY = 65534
AS_NOBODY = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
UNPRIVILEGED = Path("/proc/sys/net/ipv4/ip_unprivileged_port_start")

pytestmark = [
    pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become an ordinary user"),
    pytest.mark.skipif(shutil.which("setpriv") is None, reason="needs setpriv"),
]


def test_port_80_is_moved_to_8080_for_an_ordinary_user(localkube: Localkube) -> None:
    if not UNPRIVILEGED.exists() or int(UNPRIVILEGED.read_text()) <= 80:
        pytest.skip("any user may bind port 80 here")
    python = _interpreter()
    _hand_over(localkube, python)

    def run(*arguments: str) -> str:
        command = [*AS_NOBODY, python, "-m", "localkube", *localkube.command(*arguments)[3:]]
        environment = {**os.environ, "PYTHONPATH": _path()}
        done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
        assert done.returncode == 0, done.stderr
        return done.stdout

    run(*localkube.up_arguments())
    try:
        assert "80→8080/TCP" in run("get", "services")
        assert run("curl", "-s", "http://web/").startswith("web-")
    finally:
        run("down")


def _interpreter() -> str:
    """Return a Python that the user nobody may run; one in root's home is not accessible."""
    for python in (sys.executable, "/usr/bin/python3"):
        check = [*AS_NOBODY, "sh", "-c", '"$0" -c "import asyncio, tomllib"', python]
        if subprocess.run(check, check=False, capture_output=True).returncode == 0:
            return python
    pytest.skip("no Python 3.11 here that an ordinary user may run")


def _path() -> str:
    return ":".join(str(Path(module.__file__ or "").parents[1]) for module in (package, yaml))


def _hand_over(localkube: Localkube, python: str) -> None:
    localkube.write(deployment(), service(port=80))
    images = localkube.directory / "localkube.yaml"
    images.write_text(images.read_text().replace(sys.executable, python))
    for path in [localkube.directory, *localkube.directory.rglob("*")]:
        os.chown(path, NOBODY, NOBODY)
    for parent in list(localkube.directory.parents)[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
