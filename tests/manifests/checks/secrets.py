"""The Secrets contain exactly the designed demo identities."""

import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path

from manifests.suite_manifests import Manifest, Manifests, containers, pod_spec, title
from suitectl.catalogue import apis
from suitectl.secrets.dev import STORE, USERS
from suitectl.secrets.in_cluster import NAMESPACE as DEV_NAMESPACE
from suitectl.secrets.signing_keys import SECRET as SIGNING_KEYS

OPENING = {"--protected-mode", "--requirepass", "--masterauth", "--user"}
CLIENT_SECRET = "security.oauth2.client.client-secret"

INSTEAD = {STORE: "redis-credentials"}
"""What takes the place of a Secret where a component has other servers."""


def own_secret_findings(manifests: Manifests, demo: Mapping[str, str]) -> Iterator[str]:
    """Return credentials of a service that are not its demo secret."""
    for service in apis():
        secret = manifests.get("Secret", str(service.credentials)) or {}
        if secret.get("stringData") != {CLIENT_SECRET: demo[service.client_id]}:
            yield f"Secret/{service.credentials}: is not the demo identity of {service.client_id}"


def mount_findings(manifests: Manifests) -> Iterator[str]:
    """Return unmounted ConfigMaps and Secrets, and mounts of missing ones."""
    mounted = {
        (workload["metadata"]["namespace"], *reference)
        for workload in manifests.workloads()
        for reference in _mounted(workload)
    }
    present = {
        (manifest["metadata"]["namespace"], manifest["kind"], manifest["metadata"]["name"])
        for manifest in manifests.of("ConfigMap", "Secret")
    }
    generated = {(DEV_NAMESPACE, "Secret", name) for name in (STORE, USERS, SIGNING_KEYS)}
    yield from (f"{kind}/{name}: generated, and here" for _, kind, name in present & generated)
    present |= generated
    yield from (
        f"{kind}/{name}: mounted in {ns}, not there" for ns, kind, name in mounted - present
    )
    yield from (f"{kind}/{name}: mounted nowhere in {ns}" for ns, kind, name in present - mounted)


def lost_mount_findings(base: Manifests, rendered: Manifests) -> Iterator[str]:
    """Return what the base mounts and a rendering does not: a patch replaces a list of sources."""
    for workload in base.workloads():
        other = rendered.get(workload["kind"], workload["metadata"]["name"])
        if other is None:
            continue
        mounted = _mounted(other)
        for kind, name in sorted(_mounted(workload) - mounted):
            if (kind, INSTEAD.get(name)) not in mounted:
                yield f"{title(workload)}: {kind}/{name} is mounted by the base alone"


def config_map_findings(manifests: Manifests) -> Iterator[str]:
    """Return ConfigMaps that contain a secret."""
    for config_map in manifests.of("ConfigMap"):
        for word in ("client-secret:", "password:"):
            if any(word in text for text in config_map["data"].values()):
                yield f"{title(config_map)}: {word} belongs in a Secret"


def redis_findings(manifests: Manifests) -> Iterator[str]:
    """Return Redis servers whose users are not from a Secret, or whose arguments open them."""
    for workload in manifests.workloads():
        for container in containers(workload):
            if container["image"].partition(":")[0] == "redis" and "args" in container:
                yield from (
                    f"{title(workload)}: {finding}" for finding in _opened(workload, container)
                )


def _opened(workload: Manifest, redis: Manifest) -> Iterator[str]:
    options = dict(itertools.pairwise(redis["args"]))
    yield from (f"{option} in its arguments" for option in OPENING & options.keys())
    directory = str(Path(options.get("--aclfile", "")).parent)
    mounted = {mount["name"] for mount in redis["volumeMounts"] if mount["mountPath"] == directory}
    volumes = [volume for volume in pod_spec(workload)["volumes"] if volume["name"] in mounted]
    if [kind for volume in volumes for kind, _ in _references(volume)] != ["Secret"]:
        yield "its users come from no Secret"


def _mounted(workload: Manifest) -> set[tuple[str, str]]:
    return {found for volume in pod_spec(workload)["volumes"] for found in _references(volume)}


def _references(volume: Manifest) -> Iterator[tuple[str, str]]:
    for place in (volume, *volume.get("projected", {}).get("sources", ())):
        if "configMap" in place:
            yield "ConfigMap", place["configMap"]["name"]
        if "secret" in place:
            yield "Secret", place["secret"].get("secretName") or place["secret"]["name"]
