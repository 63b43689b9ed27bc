"""kubectl and the cluster of the current kubeconfig; only `PLATFORM=kubernetes` needs them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, Iterator

from suitectl.doctor.finding import Finding, good, odd
from suitectl.doctor.programs import Failed, output

_TARGETS = "make deploy, PLATFORM=kubernetes"
_SKEW = 1
"""Minor versions that kubectl and a cluster may differ by, by Kubernetes' version skew policy."""


def check(root: Path, *, seconds: float | None = None) -> Iterator[Finding]:
    """Look for kubectl, a context, and a cluster that responds within `seconds`, if given."""
    beside = root / ".venv/bin/kubectl"
    kubectl = shutil.which("kubectl")
    if kubectl is None:
        tests = " (the tests have their own)" if beside.exists() else ""
        yield odd(f"no kubectl, for {_TARGETS}{tests}", "see kubernetes.io/docs/tasks/tools")
        return
    try:
        context = output(kubectl, "config", "current-context").strip()
    except Failed:
        yield odd(f"no current kubeconfig context, for {_TARGETS}", "kubectl config get-contexts")
        return
    yield responds(kubectl, context, seconds)


def responds(kubectl: str, context: str, seconds: float | None = None) -> Finding:
    """Ask the cluster for its version."""
    try:
        command = (kubectl, "version", "--output=json", "--request-timeout=1s")
        found = output(*command, seconds=seconds)
        versions = json.loads(found[found.index("{") :])
        server = _minor(versions["serverVersion"])
    except (Failed, ValueError, KeyError):
        return odd(f"the cluster of context {context} does not respond", "kubectl cluster-info")
    client = _minor(versions["clientVersion"])
    if abs(client - server) > _SKEW:
        text = f"kubectl 1.{client} and the cluster's 1.{server} are more than one minor apart"
        return odd(text, f"install kubectl 1.{server}: kubernetes.io/docs/tasks/tools")
    return good(f"kubectl 1.{client}, context {context}")


def _minor(version: dict[str, Any]) -> int:
    return int("".join(filter(str.isdigit, str(version["minor"]))))
