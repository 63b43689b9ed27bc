"""The lines about a service in files of tools that cannot loop; a test compares them."""

import re
from collections.abc import Mapping
from pathlib import Path

from suitectl.catalogue import Service, services
from suitectl.root import ROOT
from suitectl.scaffold.blocks import with_after, without
from suitectl.scaffold.policies import without_peer
from suitectl.scaffold.skaffold import listed as skaffold_listed
from suitectl.scaffold.skaffold import unlisted as skaffold_unlisted

_BASE = ROOT / "k8s/base/kustomization.yaml"
_ROLE = ROOT / "k8s/components/discovery-rbac/role.yaml"
_SKAFFOLD = ROOT / "skaffold.yaml"
_NOBODY = "subjects: []\n"
_LAST = re.compile(r"^subjects:\n(?=\S|\Z)", re.MULTILINE)
_EMPTY = re.compile(r"^components:\n(?=\S|\Z)", re.MULTILINE)
_KUSTOMIZATIONS = ("k8s/components/*/", "k8s/overlays/*/", "tests/e2e/*/")
"""The folders whose kustomizations may include a component of a single service."""
_NAMESPACES = ROOT / "k8s/base/namespaces"


def listed(service: Service) -> Mapping[Path, str]:
    """Return the files with the lines about a service that has its folders already."""
    name, namespace = service.name, service.namespace
    base = with_after(_BASE.read_text(), r"  - [\w-]+$", f"  - {name}\n")
    files = {
        _ROLE: _bound(_ROLE.read_text(), service),
        _SKAFFOLD: skaffold_listed(_SKAFFOLD.read_text(), service),
    }
    if not (own := _NAMESPACES / f"{namespace}.yaml").exists():
        files[own] = _namespace(namespace)
        base = with_after(base, r"  - namespaces/", f"  - namespaces/{own.name}\n")
    return files | {_BASE: base}


def unlisted(service: Service) -> Mapping[Path, str | None]:
    """Return the files without the lines about a service; None for one that goes with it."""
    name = re.escape(service.name)
    base = without(_BASE.read_text(), rf"  - {name}$")
    files: dict[Path, str | None] = {
        _ROLE: _unbound(_ROLE.read_text(), service),
        _SKAFFOLD: skaffold_unlisted(_SKAFFOLD.read_text(), service),
    }
    for file in (
        one for pattern in _KUSTOMIZATIONS for one in ROOT.glob(f"{pattern}kustomization.yaml")
    ):
        left = without(file.read_text(), rf"  - (\.\./)+(k8s/)?base/{name}/")
        files[file] = _EMPTY.sub("", left)
    for file in ROOT.glob("k8s/base/*/network-policy.yaml"):
        if file.parent.name != service.name:
            files[file] = without_peer(file.read_text(), service.name)
    if _is_alone(service):
        files[_NAMESPACES / f"{service.namespace}.yaml"] = None
        base = without(base, rf"  - namespaces/{re.escape(service.namespace)}\.yaml$")
    return files | {_BASE: base}


def _bound(role: str, service: Service) -> str:
    return with_after(role.replace(_NOBODY, "subjects:\n"), r"subjects:$", _subject(service))


def _unbound(role: str, service: Service) -> str:
    """Return a binding without a service; one without subjects says so, or it would be null."""
    return _LAST.sub(_NOBODY, role.replace(_subject(service), ""))


def _subject(service: Service) -> str:
    (account,) = service.of("ServiceAccount")
    place = f"name: {account['metadata']['name']}, namespace: {service.namespace}"
    return f"  - {{kind: ServiceAccount, {place}}}\n"


def _namespace(name: str) -> str:
    """Return a namespace with the policies of every other one."""
    example = next(iter(services().values())).namespace
    return (_NAMESPACES / f"{example}.yaml").read_text().replace(example, name)


def _is_alone(service: Service) -> bool:
    """Say whether nothing else is in a service's namespace, besides policies of its callers."""
    within = f"namespace: {service.namespace}\n"
    others = (f for f in ROOT.glob("k8s/base/*/*.yaml") if f.parent.name != service.name)
    policies = ("network-policy.yaml", f"{service.namespace}.yaml")
    return not any(within in file.read_text() for file in others if file.name not in policies)
