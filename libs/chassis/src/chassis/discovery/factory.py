"""The discovery that the settings ask for."""

from collections.abc import Mapping
from pathlib import Path

from chassis.config.errors import ConfigError
from chassis.config.sections import DiscoverySettings
from chassis.discovery.dns import DnsDirectory
from chassis.discovery.named import Directory, NamedDiscovery
from chassis.discovery.place import cluster_domain, own_namespace
from chassis.discovery.protocol import Discovery
from chassis.discovery.static import StaticDirectory


def create_discovery(settings: DiscoverySettings, environ: Mapping[str, str]) -> Discovery:
    """Return the discovery of mode `dns` or `static`; raise `ConfigError`."""
    domain = settings.cluster_domain or cluster_domain()
    return NamedDiscovery(
        directory=_directory(settings, domain),
        own_namespace=own_namespace(environ),
        namespaces=tuple(settings.namespaces),
        cluster_domain=domain,
    )


def _directory(settings: DiscoverySettings, domain: str | None) -> Directory:
    if settings.mode == "dns":
        return DnsDirectory(cluster_domain=domain)
    if settings.table is None:
        raise ConfigError("mode static needs the path of a table", key="discovery.table")
    return StaticDirectory(Path(settings.table))
