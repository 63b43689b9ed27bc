"""What a new service shall be: the answers that the template gets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from suitectl.catalogue import PROTECTED_PATH, TRY, Service, service_named, token_service
from suitectl.errors import CommandFailedError
from suitectl.root import ROOT
from suitectl.scaffold.names import check_name, check_namespace, port_of

_VERSIONS = ("v1", "v2")
"""Between which the release commands share the traffic."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A service that does not exist yet."""

    name: str
    namespace: str
    port: int
    versions: Sequence[str]
    calls: Sequence[Service]

    def answers(self) -> Mapping[str, Any]:
        """Return them by question of `copier.yml`."""
        tokens = token_service()
        return {
            "name": self.name,
            "namespace": self.namespace,
            "port": self.port,
            "versions": list(self.versions),
            "calls": [_place(one) | {"path": _path(one)} for one in self.calls],
            "tokens": _place(tokens),
        }


def wanted(name: str, namespace: str, port: str, calls: str, versions: str) -> Wanted:
    """Check what was typed; raise `CommandFailedError`. Empty text is a default."""
    check_name(name)
    questions = yaml.safe_load((ROOT / "copier.yml").read_text())
    place = namespace or questions["namespace"]["default"]
    check_namespace(place)
    number = port_of(port) if port else questions["port"]["default"]
    return Wanted(name, place, number, _versions(versions), [_called(n) for n in _listed(calls)])


def _versions(text: str) -> Sequence[str]:
    found = tuple(_listed(text))
    if found not in {(), _VERSIONS}:
        known = ",".join(_VERSIONS)
        raise CommandFailedError(f"VERSIONS={text}: must be {known}, or be left out")
    return found


def _called(name: str) -> Service:
    service = service_named(name, "CALLS")
    if not service.is_api:
        raise CommandFailedError(f"CALLS={name}: every service calls it already")
    return service


def _listed(text: str) -> Sequence[str]:
    return list(dict.fromkeys(one.strip() for one in text.split(",") if one.strip()))


def _place(service: Service) -> dict[str, Any]:
    return {
        "name": service.name,
        "service": service.service,
        "namespace": service.namespace,
        "port": service.port,
    }


def _path(service: Service) -> str:
    """Return a path of a service that takes a token: the first one that it says."""
    annotations = service.main["metadata"].get("annotations", {})
    tried = [path.strip() for path in annotations.get(TRY, "").split(",")]
    protected = [path for path in tried if path.startswith("/api/")]
    return str(annotations.get(PROTECTED_PATH) or next(iter(protected), "/"))
