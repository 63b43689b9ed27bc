"""constraints.txt and constraints-dev.txt match the pyproject.toml files: `make lock`."""

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
RUN = ROOT / "constraints.txt"
DEV = ROOT / "constraints-dev.txt"
PROJECTS = [
    ROOT / "pyproject.toml",
    *sorted(ROOT.glob("libs/*/pyproject.toml")),
    *sorted(ROOT.glob("services/*/pyproject.toml")),
]
OWN = "suite-"
_PIN = re.compile(r"^([a-z0-9-]+)==(\S+).*?(?=^\S|\Z)", re.MULTILINE | re.DOTALL)


def test_dependencies_of_packages_are_pinned_to_an_allowed_version() -> None:
    pins = _pins(RUN)
    for path in PROJECTS:
        assert [one for one in _project(path)["dependencies"] if not _holds(one, pins)] == [], path


def test_development_dependencies_are_pinned_to_an_allowed_version() -> None:
    group = tomllib.loads(PROJECTS[0].read_text())["dependency-groups"]["dev"]
    assert [one for one in group if not _holds(one, _pins(DEV))] == []


def test_both_files_pin_the_same_version() -> None:
    run, dev = _pins(RUN), _pins(DEV)
    assert {name for name in run.keys() & dev.keys() if run[name] != dev[name]} == set()


def test_every_pin_has_a_hash_and_no_url() -> None:
    for path in (RUN, DEV):
        text = path.read_text()
        assert [pin[1] for pin in _PIN.finditer(text) if "--hash=sha256:" not in pin[0]] == []
        assert "://" not in text


def test_all_packages_have_one_version() -> None:
    assert len({_project(path)["version"] for path in PROJECTS}) == 1


def _project(path: Path) -> Any:
    return tomllib.loads(path.read_text())["project"]


def _pins(path: Path) -> Mapping[str, str]:
    return {pin[1]: pin[2] for pin in _PIN.finditer(path.read_text())}


def _holds(text: str, pins: Mapping[str, str]) -> bool:
    requirement = Requirement(text)
    name = canonicalize_name(requirement.name)
    return name.startswith(OWN) or requirement.specifier.contains(pins.get(name, "0"))
