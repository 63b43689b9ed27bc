"""What a service may be called, so that folders, objects, client and package can have the name."""

import importlib.util
import keyword
import re
import sys
from pathlib import Path

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
_RESERVED_NAMESPACES = ("kube-", "default")


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
    if (ROOT / "services" / name).exists() or (ROOT / "k8s/base" / name).exists():
        raise CommandFailedError(f"NAME={name}: is taken; see services/ and k8s/base/")
    if name in {*registrations()["clients"], *registrations()["users"]}:
        raise CommandFailedError(f"NAME={name}: a client or user of the demo has this name")
    if _is_importable(package) or Path(sys.executable).with_name(name).exists():
        raise CommandFailedError(f"NAME={name}: an installed package or program has this name")


def check_namespace(name: str) -> None:
    """Raise `CommandFailedError` for a namespace that services cannot have."""
    _check_label("NAMESPACE", name, MAX_LABEL)
    if name.startswith(_RESERVED_NAMESPACES):
        raise CommandFailedError(f"NAMESPACE={name}: is the cluster's own; use another one")


def port_of(text: str) -> int:
    """Read the port of an API; raise `CommandFailedError`."""
    port = int(text) if text.isascii() and text.isdecimal() else 0
    if port not in _PORTS:
        raise CommandFailedError(f"PORT={text}: must be from {_PORTS.start} to {_PORTS.stop - 1}")
    return port


def _check_label(variable: str, name: str, longest: int) -> None:
    if not _LABEL.fullmatch(name) or len(name) > longest:
        wanted = f"up to {longest} of a-z, 0-9 and -, a letter first"
        raise CommandFailedError(f"{variable}={name}: is no DNS label; use {wanted}")


def _is_importable(package: str) -> bool:
    """Say whether a module of this name would be hidden, those of the tests included."""
    beside = (ROOT / "tests" / package, ROOT / f"tests/{package}.py")
    more = (ROOT / "tests/e2e" / package, ROOT / "tests/unit" / package)
    return importlib.util.find_spec(package) is not None or any(
        path.exists() for path in (*beside, *more)
    )
