"""Secrets are the demo identities of the design and no others."""

from collections.abc import Iterator, Mapping

from manifests.suite_manifests import Manifests, title

CLIENT_SECRET = "security.oauth2.client.client-secret"


def own_secret_findings(manifests: Manifests, demo: Mapping[str, str]) -> Iterator[str]:
    """Find a service's own credentials that are not its demo secret."""
    for name in ("rest-service", "diff-ns-service"):
        secret = manifests.get("Secret", f"{name}-credentials") or {}
        if secret.get("stringData") != {CLIENT_SECRET: demo[name]}:
            yield f"Secret/{name}-credentials: is not the demo identity of {name}"


def mount_findings(manifests: Manifests) -> Iterator[str]:
    """Find ConfigMaps and Secrets that no pod of their namespace mounts, and mounts of none."""
    mounted = {
        (workload["metadata"]["namespace"], *reference)
        for workload in manifests.workloads()
        for volume in workload["spec"]["template"]["spec"]["volumes"]
        for reference in _references(volume)
    }
    present = {
        (manifest["metadata"]["namespace"], manifest["kind"], manifest["metadata"]["name"])
        for manifest in manifests.of("ConfigMap", "Secret")
    }
    yield from (
        f"{kind}/{name}: mounted in {ns}, not there" for ns, kind, name in mounted - present
    )
    yield from (f"{kind}/{name}: mounted nowhere in {ns}" for ns, kind, name in present - mounted)


def config_map_findings(manifests: Manifests) -> Iterator[str]:
    """Find secrets that stand in a ConfigMap."""
    for config_map in manifests.of("ConfigMap"):
        for word in ("client-secret:", "password:"):
            if any(word in text for text in config_map["data"].values()):
                yield f"{title(config_map)}: {word} belongs in a Secret"


def _references(volume: dict[str, dict[str, str]]) -> Iterator[tuple[str, str]]:
    if "configMap" in volume:
        yield "ConfigMap", volume["configMap"]["name"]
    if "secret" in volume:
        yield "Secret", volume["secret"]["secretName"]
