"""Where this process runs: its namespace and its cluster's domain."""

from collections.abc import Mapping
from pathlib import Path

_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_RESOLV_CONF = Path("/etc/resolv.conf")
_DEFAULT_NAMESPACE = "default"


def own_namespace(environ: Mapping[str, str], *, file: Path = _NAMESPACE_FILE) -> str:
    """Return the pod's namespace: the downward API's word, else the service account's."""
    if given := environ.get("POD_NAMESPACE"):
        return given
    try:
        return file.read_text().strip() or _DEFAULT_NAMESPACE
    except OSError:
        return _DEFAULT_NAMESPACE


def cluster_domain(*, file: Path = _RESOLV_CONF) -> str | None:
    """Return the domain kubelet put into resolv.conf, None outside a cluster.

    Its search line reads `<namespace>.svc.<domain> svc.<domain> <domain> ...`.
    """
    try:
        lines = file.read_text().splitlines()
    except OSError:
        return None
    words = [line.split() for line in lines]
    searched = [name for line in words if line[:1] == ["search"] for name in line[1:]]
    domains = (name.removeprefix("svc.") for name in searched if name.startswith("svc."))
    return next((name.removesuffix(".") for name in domains), None)
