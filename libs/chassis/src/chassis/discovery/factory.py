"""Create the discovery that is configured; find the process's namespace and cluster domain."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from chassis.config.errors import ConfigError
from chassis.config.sections import DiscoverySettings
from chassis.config.spring import SpringKubernetesSettings
from chassis.discovery.dns import DnsDirectory
from chassis.discovery.named import Directory, NamedDiscovery
from chassis.discovery.static import StaticDirectory

_NAMESPACE_FILE = Path("/var/run/secrets/kubernetes.io/serviceaccount/namespace")
_RESOLV_CONF = Path("/etc/resolv.conf")
_DEFAULT_NAMESPACE = "default"


def create_discovery(
    settings: DiscoverySettings,
    environ: Mapping[str, str],
    *,
    kubernetes: SpringKubernetesSettings | None = None,
) -> NamedDiscovery:
    """Return the discovery of the configured mode; raise `ConfigError`.

    `kubernetes` configures what mode `kubernetes` watches. Without it this mode uses DNS, which is
    enough to resolve the one name of a store.
    """
    domain, own = settings.cluster_domain or cluster_domain(), own_namespace(environ)
    namespaces = tuple(settings.namespaces)
    if settings.mode == "kubernetes" and kubernetes is not None:
        namespaces = (*namespaces, *kubernetes.discovery.namespaces)
        directory = _kubernetes(
            kubernetes, (own, *namespaces), environ, DnsDirectory(cluster_domain=domain)
        )
    else:
        directory = _directory(settings, domain)
    return NamedDiscovery(directory, own, namespaces, domain)


def _kubernetes(
    settings: SpringKubernetesSettings,
    namespaces: Sequence[str],
    environ: Mapping[str, str],
    dns: DnsDirectory,
) -> Directory:
    # Imported in this mode alone (docs/design/costs.md, "Start-up").
    from chassis.discovery.kubernetes import ApiServer, KubernetesDirectory  # noqa: PLC0415

    return KubernetesDirectory(
        ApiServer.of_pod(environ),
        namespaces=None if settings.discovery.all_namespaces else namespaces,
        mode=settings.load_balancer_mode,
        dns=dns,
    )


def _directory(settings: DiscoverySettings, domain: str | None) -> Directory:
    if settings.mode != "static":
        return DnsDirectory(cluster_domain=domain)
    if settings.table is None:
        raise ConfigError("mode static needs the path of a table", key="discovery.table")
    return StaticDirectory(Path(settings.table))


def own_namespace(environ: Mapping[str, str], *, file: Path = _NAMESPACE_FILE) -> str:
    """Return the pod's namespace, from the downward API or the service account."""
    if given := environ.get("POD_NAMESPACE"):
        return given
    try:
        return file.read_text().strip() or _DEFAULT_NAMESPACE
    except OSError:
        return _DEFAULT_NAMESPACE


def cluster_domain(*, file: Path = _RESOLV_CONF) -> str | None:
    """Return the cluster domain that kubelet wrote to resolv.conf, None outside a cluster.

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
