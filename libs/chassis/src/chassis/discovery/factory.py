"""The discovery that the settings ask for."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from chassis.config.errors import ConfigError
from chassis.config.sections import DiscoverySettings
from chassis.config.spring import SpringKubernetesSettings
from chassis.discovery.dns import DnsDirectory
from chassis.discovery.kubernetes import ApiServer, KubernetesDirectory
from chassis.discovery.named import Directory, NamedDiscovery
from chassis.discovery.place import cluster_domain, own_namespace
from chassis.discovery.static import StaticDirectory


def create_discovery(
    settings: DiscoverySettings,
    environ: Mapping[str, str],
    *,
    kubernetes: SpringKubernetesSettings | None = None,
) -> NamedDiscovery:
    """Return the discovery of the mode that is set; raise `ConfigError`.

    `kubernetes` says what mode `kubernetes` follows, once the discovery runs. Without it names are
    asked of DNS in that mode: for the one name of a store there is nothing to follow.
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
