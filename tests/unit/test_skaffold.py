"""skaffold.yaml, the Dockerfile and the manifests agree on images, folders and ports."""

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from suitectl.catalogue import services

ROOT = Path(__file__).parents[2]
Config = dict[str, Any]
CONFIG: Config = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
IN_A_LANGUAGE = [
    number
    for number, artifact in enumerate(CONFIG["build"]["artifacts"])
    if services()[artifact["image"]].language
]
"""The artifacts of services that do not run the chassis; the first one is cas-server's."""
FORWARDED = CONFIG["profiles"][1]["portForward"][1]["localPort"]


@pytest.fixture
def config() -> Config:
    return deepcopy(CONFIG)


def findings(config: Config) -> Iterator[str]:
    """Return findings about images, folders, targets and ports that do not exist."""
    yield from _image_findings(config)
    yield from _hook_findings(config)
    for artifact in config["build"]["artifacts"]:
        yield from _artifact_findings(artifact)
    for profile in [config, *config["profiles"]]:
        yield from _profile_findings(profile, config["build"]["artifacts"])


def _image_findings(config: Config) -> Iterator[str]:
    built = {artifact["image"] for artifact in config["build"]["artifacts"]}
    used = {
        container["image"].partition(":")[0]
        for deployment in _objects("Deployment")
        for container in deployment["spec"]["template"]["spec"]["containers"]
    }
    if built != used - {"redis"}:
        yield f"builds {sorted(built)}, the manifests use {sorted(used)}"


def _hook_findings(config: Config) -> Iterator[str]:
    """Return profiles on the base whose pods would wait for generated Secrets forever."""
    for profile in [config, *config["profiles"]]:
        # A profile replaces a deployer of the default as a whole.
        kubectl = profile.get("deploy", config["deploy"])["kubectl"]
        hooks = [hook["host"]["command"] for hook in kubectl.get("hooks", {}).get("before", [])]
        name = profile.get("name", "default")
        wanted = [] if name == "prod" else [["make", "dev-secrets"]]
        if hooks != wanted:
            yield f"{name}: runs {hooks} before it deploys"


def _artifact_findings(artifact: Config) -> Iterator[str]:
    image, docker = artifact["image"], artifact["docker"]
    language = services()[image].language if image in services() else ""
    base = f"{language or 'python'}_image".upper()
    default = re.search(rf"^ARG {base}=(.+)$", _dockerfile(), re.MULTILINE)
    assert default is not None
    if docker["buildArgs"]["SERVICE"] != image:
        yield f"{image}: builds {docker['buildArgs']['SERVICE']}"
    if f'"{default[1]}"' not in docker["buildArgs"][base]:
        yield f"{image}: another default of {base} than the Dockerfile"
    if docker["target"] not in _targets():
        yield f"{image}: no target {docker['target']}"
    if language:
        if docker["target"] != language or "sync" in artifact:
            yield f"{image}: is not built as a service in {language}"
        return
    synced = {rule["src"].removesuffix("**/*") for rule in artifact["sync"]["manual"]}
    if synced != {"libs/chassis/src/", f"services/{image}/src/"}:
        yield f"{image}: syncs {sorted(synced)}"
    for rule in artifact["sync"]["manual"]:
        if rule["strip"] != rule["src"].removesuffix("**/*") or rule["dest"] != "/srv":
            yield f"{image}: {rule['src']} goes elsewhere than the Dockerfile's packages"


def _profile_findings(profile: Config, artifacts: list[Config]) -> Iterator[str]:
    name = profile.get("name", "default")
    for path in profile["manifests"]["kustomize"]["paths"]:
        if not (ROOT / path / "kustomization.yaml").exists():
            yield f"{name}: no {path}"
    patched = [patch["path"] for patch in profile.get("patches", [])]
    synced = [number for number, one in enumerate(artifacts) if "sync" in one]
    if patched and patched != [f"/build/artifacts/{n}/docker/target" for n in synced]:
        yield f"{name}: does not choose the target of each artifact"
    for patch in profile.get("patches", []):
        if patch["value"] not in _targets():
            yield f"{name}: no target {patch['value']}"
    local = [forward["localPort"] for forward in profile.get("portForward", [])]
    if len(local) != len(set(local)):
        yield f"{name}: two forwards to one port"
    for forward in profile.get("portForward", []):
        if forward["port"] not in _ports(forward):
            yield f"{name}: {forward['resourceName']} has no port {forward['port']}"


def _ports(forward: Config) -> set[int]:
    kind, place = forward["resourceType"].capitalize(), forward["namespace"]
    for found in _objects(kind):
        if (found["metadata"]["name"], found["metadata"]["namespace"]) == (
            forward["resourceName"],
            place,
        ):
            return {p["port"] for p in found["spec"]["ports"]} if kind == "Service" else _debug()
    return set()


def _debug() -> set[int]:
    """Return the debugger's port, which no manifest has."""
    return {int(port) for port in re.findall(r'"--listen", "127\.0\.0\.1:(\d+)"', _dockerfile())}


def _objects(kind: str) -> Iterator[Config]:
    for file in sorted((ROOT / "k8s/base").glob("*/*.yaml")):
        for document in yaml.safe_load_all(file.read_text()):
            if document["kind"] == kind:
                yield document


def _targets() -> list[str]:
    return re.findall(r"^FROM \S+ AS (\S+)$", _dockerfile(), re.MULTILINE)


def _dockerfile() -> str:
    return (ROOT / "docker/Dockerfile").read_text()


def test_skaffold_agrees_with_the_dockerfile_and_the_manifests(config: Config) -> None:
    assert list(findings(config)) == []


def test_a_build_without_a_target_makes_the_production_image() -> None:
    assert _targets()[-1] == "service"


def test_every_overlay_and_the_debugger_have_a_profile(config: Config) -> None:
    overlays = {path.name for path in (ROOT / "k8s/overlays").iterdir()}
    assert {profile["name"] for profile in config["profiles"]} == overlays | {"debug"}


@pytest.mark.parametrize(
    ("path", "value", "finding"),
    [
        ("build.artifacts.0.image", "other", "'other'"),
        ("build.artifacts.0.docker.buildArgs.SERVICE", "other", "builds other"),
        ("build.artifacts.0.docker.buildArgs.PYTHON_IMAGE", "python:2", "default of PYTHON_IMAGE"),
        ("build.artifacts.0.docker.target", "none", "no target none"),
        *(
            (f"build.artifacts.{number}.docker.target", "service", "is not built as a service in")
            for number in IN_A_LANGUAGE
        ),
        ("build.artifacts.0.sync.manual.1.src", "services/x/src/**/*", "syncs"),
        ("build.artifacts.0.sync.manual.1.dest", "/app", "goes elsewhere"),
        ("manifests.kustomize.paths.0", "k8s/none", "no k8s/none"),
        ("profiles.0.patches.0.path", "/build/artifacts/99/docker/target", "each artifact"),
        ("profiles.0.patches.0.value", "none", "dev: no target none"),
        ("profiles.1.portForward.0.localPort", FORWARDED, "two forwards"),
        ("profiles.1.portForward.0.port", 1, "cas-server-service has no port 1"),
        ("profiles.1.portForward.-1.port", 1, "-deployment has no port 1"),
        ("profiles.1.portForward.0.namespace", "ns-app", "has no port 2000"),
        ("deploy.kubectl.hooks.before.0.host.command", ["true"], "canary: runs [['true']]"),
        ("profiles.2.deploy", {"kubectl": {}}, "canary: runs []"),
    ],
)
def test_disagreements_are_found(config: Config, path: str, value: Any, finding: str) -> None:
    changed = deepcopy(config)
    node: Any = changed
    *way, last = [int(step) if step.lstrip("-").isdecimal() else step for step in path.split(".")]
    for step in way:
        node = node[step]
    node[last] = value
    assert finding in "\n".join(findings(changed))
