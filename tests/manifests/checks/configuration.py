"""The ConfigMaps are valid configuration, and the host names in them exist."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlsplit

from chassis.config import ConfigError, ConfigSource, LiveConfig, ServiceSettings
from manifests.suite_manifests import Manifests, containers, selected
from service_apps import called_by, settings_type
from suitectl.catalogue import on_chassis, services

PROFILES = ("kubernetes", "dev"), ("kubernetes", "test"), ("dev",)


def settings_of(
    manifests: Manifests, service: str, profiles: Sequence[str], mounts: Path
) -> ServiceSettings:
    """Load a service's settings as its pod does. Raises `ConfigError`."""
    known = services()[service]
    deployment = selected(manifests, known.namespace, {"app": service})[0]
    (container,) = containers(deployment)
    (secret,) = known.of("Secret")
    source = ConfigSource(
        name=service,
        config_dir=_written(manifests, "ConfigMap", service, mounts),
        secrets_dir=_written(manifests, "Secret", secret["metadata"]["name"], mounts),
        environ={entry["name"]: entry.get("value", "downward") for entry in container["env"]},
        profiles=tuple(profiles),
    )
    return LiveConfig.load(source, settings_type(service)).settings


def settings_findings(manifests: Manifests, mounts: Path) -> Iterator[str]:
    """Return configuration with which a service does not start under some demo profile."""
    for service in on_chassis():
        for profiles in PROFILES:
            try:
                settings_of(manifests, service, profiles, mounts)
            except ConfigError as error:
                yield f"ConfigMap/{service} under {','.join(profiles)}: {error}"


def port_findings(manifests: Manifests, mounts: Path) -> Iterator[str]:
    """Return services that listen on other ports than their manifest says."""
    for service in on_chassis():
        namespace = services()[service].namespace
        settings = settings_of(manifests, service, PROFILES[0], mounts)
        for deployment in selected(manifests, namespace, {"app": service}):
            port = containers(deployment)[0]["ports"][0]["containerPort"]
            if settings.server.port != port:
                yield f"ConfigMap/{service}: server.port {settings.server.port}, not {port}"


def name_findings(manifests: Manifests, mounts: Path) -> Iterator[str]:
    """Return host names and ports that no Service of a searched namespace has."""
    for service in on_chassis():
        namespace = services()[service].namespace
        settings = settings_of(manifests, service, PROFILES[0], mounts)
        namespaces = (namespace, *settings.discovery.namespaces)
        for name, port in _called(service, settings):
            if not any(_listens(manifests, name, port, within) for within in namespaces):
                yield f"ConfigMap/{service}: no Service {name}:{port} in {', '.join(namespaces)}"


def _called(service: str, settings: ServiceSettings) -> Iterator[tuple[str, int]]:
    if service == "cas-server":
        yield settings.spring.redis.host, settings.spring.redis.port
    yield from ((name, 80) for name in called_by(service))
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
