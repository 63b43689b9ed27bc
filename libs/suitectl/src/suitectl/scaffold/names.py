"""What a service may be called, so that folders, objects, client and package can have the name."""

import importlib.util
import keyword
import re
import sys
from pathlib import Path

import yaml

from suitectl.catalogue import registrations
from suitectl.errors import CommandFailedError
from suitectl.root import ROOT

MAX_LABEL = 63
"""Characters of a DNS label (RFC 1123, 2.1)."""
_LABEL = re.compile(r"[a-z]([-a-z0-9]*[a-z0-9])?")
LONGEST_NAME = MAX_LABEL - len("-v1-deployment")
"""Characters of a service's name, to which its objects append words."""
_PORTS = range(1024, 55_536)
"""Without privileges, and with a management port 10000 above."""
_OF_THE_CLUSTER = re.compile(r"default|kube-.*")
_BOOLEANS = ("y", "n")
"""A string by PyYAML, but a boolean by kustomize; both follow YAML 1.1."""
_IN_THE_IMAGE = ("bin", "service", "sha256sum")
"""What `/srv` and `/srv/bin` of an image have already, and what a rotation runs there."""
_LEFT_OUT = ("buck_out", "build", "dist", "node_modules", "site_packages", "venv")
"""Folders that git, pytest or ruff leave out by their names."""
_IN_EACH_NAMESPACE = "default"
"""The ServiceAccount that Kubernetes makes."""


def package_of(name: str) -> str:
    """Return the name of a service's package."""
    return name.replace("-", "_")


def check_name(name: str) -> None:
    """Raise `CommandFailedError` for a name that a new service cannot have."""
    if not name:
        raise CommandFailedError("NAME is missing; use NAME=orders, for instance")
    _check_label("NAME", name, LONGEST_NAME)
    package = package_of(name)
    if keyword.iskeyword(package) or package in sys.stdlib_module_names:
        raise CommandFailedError(f"NAME={name}: is a word of Python; use another name")
    if package in _LEFT_OUT:
        raise CommandFailedError(f"NAME={name}: git and tools leave such folders out; use another")
    if name in _IN_THE_IMAGE:
        raise CommandFailedError(f"NAME={name}: its image has this name already; use another one")
    if name == _IN_EACH_NAMESPACE:
        raise CommandFailedError(f"NAME={name}: each namespace has a ServiceAccount of this name")
    if _is_taken(name):
        raise CommandFailedError(f"NAME={name}: is taken; see services/ and k8s/base/")
    if name in {*registrations()["clients"], *registrations()["users"]}:
        raise CommandFailedError(f"NAME={name}: a client or user of the demo has this name")
    if _is_importable(package) or Path(sys.executable).with_name(name).exists():
        raise CommandFailedError(f"NAME={name}: an installed package or program has this name")


def check_namespace(name: str) -> None:
    """Raise `CommandFailedError` for a namespace that services cannot have."""
    _check_label("NAMESPACE", name, MAX_LABEL)
    if _OF_THE_CLUSTER.fullmatch(name):
        raise CommandFailedError(f"NAMESPACE={name}: is the cluster's own; use another one")


def port_of(text: str) -> int:
    """Read the port of an API; raise `CommandFailedError`."""
    port = int(text) if text.isascii() and text.isdecimal() else 0
    if port not in _PORTS:
        raise CommandFailedError(f"PORT={text}: must be from {_PORTS.start} to {_PORTS.stop - 1}")
    return port


def _check_label(variable: str, name: str, longest: int) -> None:
    if not _LABEL.fullmatch(name):
        wanted = f"up to {longest} of a-z, 0-9 and -, a letter first"
        raise CommandFailedError(f"{variable}={name}: is no DNS label; use {wanted}")
    if len(name) > longest:
        raise CommandFailedError(f"{variable}={name}: is too long; use up to {longest} characters")
    if name in _BOOLEANS or not isinstance(yaml.safe_load(name), str):
        raise CommandFailedError(f"{variable}={name}: is not a string in YAML; use another name")


def _is_taken(name: str) -> bool:
    """Say whether a service or a folder of manifests has the name, or its package's (PEP 503)."""
    folders = [path for path in ROOT.glob("services/*") if has_files(path)]
    distributions = {_distribution(folder.name) for folder in folders}
    return _distribution(name) in distributions or has_files(ROOT / "k8s/base" / name)


def _distribution(name: str) -> str:
    return re.sub("-+", "-", name)


def has_files(folder: Path) -> bool:
    """Say whether a folder has more than byte code, which a switch of the branch leaves behind."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return any(path.parent.name != "__pycache__" for path in files)


def _is_importable(package: str) -> bool:
    """Say whether a module of this name would be hidden, those of the tests included."""
    folders = [ROOT / folder for folder in ("tests", "tests/e2e", "tests/unit")]
    return _is_installed(package) or any(
        (folder / f"{package}.py").exists() or has_files(folder / package) for folder in folders
    )


def _is_installed(package: str) -> bool:
    """Say whether there is such a module; a folder of byte code alone is none."""
    found = importlib.util.find_spec(package)
    if found is None:
        return False
    places = found.submodule_search_locations or ()
    return bool(found.origin) or any(has_files(Path(place)) for place in places)
