"""The chassis is a separate package: its wheel and sdist install and work without the suite."""

import importlib.metadata
import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest

from integration.chassis_server.service_process import OPEN, ServiceProcess
from integration.packages.distributions import ROOT, build, install, site_packages

CHASSIS = ROOT / "libs/chassis"
NAME = "suite-chassis"
SERVICE = Path(__file__).with_name("standalone_service.py")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(CHASSIS, "wheel", tmp_path_factory.mktemp("wheel"))


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(CHASSIS, "sdist", tmp_path_factory.mktemp("sdist"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    environment = tmp_path_factory.mktemp("installed")
    install(wheel, environment, NAME)
    return environment


def test_the_wheel_works_with_only_its_declared_dependencies(
    installed: Path, tmp_path: Path
) -> None:
    serves(installed, tmp_path)


def test_the_sdist_works_with_only_its_declared_dependencies(sdist: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    install(sdist, environment, NAME, "hatchling")
    serves(environment, tmp_path)


def test_the_sdist_builds_the_same_wheel(wheel: Path, sdist: Path, tmp_path: Path) -> None:
    # Not by `tarfile`, whose filters some releases of Python 3.11 lack.
    subprocess.run(["tar", "-xzf", sdist, "-C", tmp_path], check=True)  # noqa: S607 - the tar on the PATH
    (project,) = tmp_path.iterdir()
    assert build(project, "wheel", tmp_path / "again").read_bytes() == wheel.read_bytes()


def test_the_metadata_of_the_wheel_match_the_project(installed: Path) -> None:
    package = found_in(installed)
    project: Any = tomllib.loads((CHASSIS / "pyproject.toml").read_text())["project"]
    assert package.name == project["name"] == NAME
    assert package.version == project["version"]
    assert package.metadata["Summary"] == project["description"]
    assert package.metadata["Requires-Python"] == project["requires-python"]
    extra = [f"{one}; extra == 'testing'" for one in project["optional-dependencies"]["testing"]]
    assert sorted(package.requires or ()) == sorted([*project["dependencies"], *extra])


def test_the_wheel_contains_only_its_sources_and_the_type_marker(installed: Path) -> None:
    files = {Path(file) for file in found_in(installed).files or ()}
    shipped = {path for path in files if not path.parts[0].endswith(".dist-info")}
    sources = CHASSIS / "src"
    assert Path("chassis/py.typed") in shipped
    assert shipped == {
        path.relative_to(sources)
        for path in sources.rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }


def found_in(environment: Path) -> importlib.metadata.Distribution:
    packages = [str(site_packages(environment))]
    (package,) = importlib.metadata.distributions(name=NAME, path=packages)
    return package


def serves(environment: Path, directory: Path) -> None:
    """Run a service with an environment's chassis, outside of the repository."""
    service = Path(shutil.copy(SERVICE, directory))
    with subprocess.Popen(
        [environment / "bin/python", "-P", service, *OPEN],
        cwd=directory,
        env={"CONFIG_DIR": "/nonexistent", "SECRETS_DIR": "/nonexistent"},
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        running = ServiceProcess(process)
        try:
            running.started()
            connection = running.connect()
            connection.request("GET", "/where")
            response = connection.getresponse()
            assert response.status == 200
            assert str(site_packages(environment)) in response.read().decode()
            running.signal()
            assert running.ended() == 0
        finally:
            running.open.close()
            process.kill()
