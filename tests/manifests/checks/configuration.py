"""The ConfigMaps are valid configuration, and the host names in them exist."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from cas_server.settings import CasSettings
from chassis.config import ConfigError, ConfigSource, LiveConfig, ServiceSettings
from diff_ns_service.settings import DiffNsSettings
from manifests.suite_manifests import Manifests, containers, selected
from rest_service.api import DETAIL_SERVICE
from rest_service.settings import RestSettings

SETTINGS: Mapping[str, type[ServiceSettings]] = {
    "cas-server": CasSettings,
    "rest-service": RestSettings,
    "diff-ns-service": DiffNsSettings,
}
NAMESPACES = {
    "cas-server": "system-server",
    "rest-service": "system-server",
    "diff-ns-service": "ns-app",
}
SECRETS = {
    "cas-server": "cas-server-identities",
    "rest-service": "rest-service-credentials",
    "diff-ns-service": "diff-ns-service-credentials",
}
PROFILES = ("kubernetes", "dev"), ("kubernetes", "test"), ("dev",)


def settings_of(
    manifests: Manifests, service: str, profiles: Sequence[str], mounts: Path
) -> ServiceSettings:
    """Load a service's settings as its pod does. Raises `ConfigError`."""
    namespace = NAMESPACES[service]
    deployment = selected(manifests, namespace, {"app": service})[0]
    (container,) = containers(deployment)
    source = ConfigSource(
        name=service,
        config_dir=_written(manifests, "ConfigMap", service, mounts),
        secrets_dir=_written(manifests, "Secret", SECRETS[service], mounts),
        environ={entry["name"]: entry.get("value", "downward") for entry in container["env"]},
        profiles=tuple(profiles),
    )
    return LiveConfig.load(source, SETTINGS[service]).settings


def settings_findings(manifests: Manifests, mounts: Path) -> Iterator[str]:
    """Return configuration with which a service does not start under some demo profile."""
    for service in SETTINGS:
        for profiles in PROFILES:
            try:
                settings_of(manifests, service, profiles, mounts)
            except ConfigError as error:
                yield f"ConfigMap/{service} under {','.join(profiles)}: {error}"


def port_findings(manifests: Manifests, mounts: Path) -> Iterator[str]:
    """Return services that listen on other ports than their manifest says."""
    for service, namespace in NAMESPACES.items():
        settings = settings_of(manifests, service, PROFILES[0], mounts)
        for deployment in selected(manifests, namespace, {"app": service}):
            port = containers(deployment)[0]["ports"][0]["containerPort"]
            if settings.server.port != port:
                yield f"ConfigMap/{service}: server.port {settings.server.port}, not {port}"


def name_findings(manifests: Manifests, mounts: Path) -> Iterator[str]:
    """Return host names and ports that no Service of a searched namespace has."""
    for service, namespace in NAMESPACES.items():
        settings = settings_of(manifests, service, PROFILES[0], mounts)
        namespaces = (namespace, *settings.discovery.namespaces)
        for name, port in _called(service, settings):
            if not any(_listens(manifests, name, port, within) for within in namespaces):
                yield f"ConfigMap/{service}: no Service {name}:{port} in {', '.join(namespaces)}"


def _called(service: str, settings: ServiceSettings) -> Iterator[tuple[str, int]]:
    if service == "cas-server":
        yield settings.spring.redis.host, settings.spring.redis.port
    if service == "rest-service":
        yield DETAIL_SERVICE, 80
    oauth2 = settings.security.oauth2
    for url in (
        oauth2.client.access_token_uri,
        oauth2.client.user_authorization_uri,
        oauth2.resource.token_info_uri,
        oauth2.resource.user_info_uri,
        oauth2.resource.jwk.key_set_uri,
    ):
        if url:
            parts = urlsplit(url)
            yield parts.hostname or "", parts.port or 80


def _listens(manifests: Manifests, name: str, port: int, namespace: str) -> bool:
    service = manifests.get("Service", name, namespace)
    return service is not None and port in {p["port"] for p in service["spec"]["ports"]}


def _written(manifests: Manifests, kind: str, name: str, mounts: Path) -> Path:
    """Write an object's keys as the files of a mount."""
    directory = mounts / kind / name
    directory.mkdir(parents=True, exist_ok=True)
    manifest = manifests.get(kind, name) or {}
    for key, text in {**manifest.get("data", {}), **manifest.get("stringData", {})}.items():
        (directory / key).write_text(text)
    return directory
