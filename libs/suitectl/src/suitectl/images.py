"""Builds one image for each service and loads them into the cluster."""

import os
import shlex
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from localkube.progress import step
from suitectl.catalogue import services
from suitectl.errors import CommandFailedError
from suitectl.root import ROOT
from suitectl.shell import output

REDIS = "redis"
LOADERS: Mapping[str, tuple[str, ...]] = {
    "kind": ("kind", "load", "docker-image"),
    "minikube": ("minikube", "image", "load"),
    "k3d": ("k3d", "image", "import"),
}
"""The names that IMAGE_LOAD accepts; `registry` pushes, any other value is a command."""
_SOURCES = ("constraints.txt", "docker", "libs/chassis", "services")
_PYTHON = "service"
"""The Dockerfile's target of a service in Python; any other language is a target's name."""
_BUILD_TIMEOUT = 1200.0
_LOAD_TIMEOUT = 600.0


@dataclass(frozen=True, slots=True)
class BuildOptions:
    """How images are built and loaded; each option is an environment variable.

    `docker_options` are passed to `docker build`; `registry` is the prefix of names; `tag` is the
    content's digest by default, so that an unchanged image restarts no pod.
    """

    docker: str
    docker_options: tuple[str, ...]
    python_image: str | None
    go_image: str | None
    redis_image: str | None
    registry: str
    tag: str | None
    load: str | None

    @classmethod
    def of(cls, environ: Mapping[str, str]) -> "BuildOptions":
        """Read DOCKER, DOCKER_OPTIONS, the *_IMAGE, REGISTRY, TAG and IMAGE_LOAD."""
        return cls(
            docker=environ.get("DOCKER") or "docker",
            docker_options=tuple(shlex.split(environ.get("DOCKER_OPTIONS", ""))),
            python_image=environ.get("PYTHON_IMAGE") or None,
            go_image=environ.get("GO_IMAGE") or None,
            redis_image=environ.get("REDIS_IMAGE") or None,
            registry=environ.get("REGISTRY", "").strip("/"),
            tag=environ.get("TAG") or None,
            load=environ.get("IMAGE_LOAD") or None,
        )


@dataclass(frozen=True, slots=True)
class Image:
    """A built image: the service, its full name, its size in bytes and the seconds it took."""

    service: str
    name: str
    size: int
    seconds: float


async def build_images(options: BuildOptions) -> Sequence[Image]:
    """Build and load the images of all services; raise `CommandFailedError`."""
    images = []
    for service in services():
        with step(f"building {service}"):
            images.append(await _build(options, service))
    if options.load:
        with step(f"loading by {options.load}"):
            await hand_over(options, [image.name for image in images])
    return images


def by_manifest_name(options: BuildOptions, images: Sequence[Image]) -> Mapping[str, str]:
    """Return the built image for each image name of the manifests."""
    built = {image.service: image.name for image in images}
    return built | ({REDIS: options.redis_image} if options.redis_image else {})


async def _build(options: BuildOptions, service: str) -> Image:
    began = time.monotonic()
    # The image's digest is known only after the build; until then it has this name.
    building = f"{service}:building"
    await build(options, service, building)
    facts = await output(
        (options.docker, "image", "inspect", "--format", "{{.Id}} {{.Size}}", building), seconds=30
    )
    digest, size = facts.split()
    tag = options.tag or digest.removeprefix("sha256:")[:12]
    name = "/".join(filter(None, (options.registry, f"{service}:{tag}")))
    await output((options.docker, "tag", building, name), seconds=30)
    return Image(service, name, int(size), time.monotonic() - began)


async def build(
    options: BuildOptions, service: str, name: str, *extra: str, sources: Path = ROOT
) -> None:
    """Build one image from a checkout; `extra` is passed to `docker build`.

    A builder that knows SOURCE_DATE_EPOCH dates the image by it, or by its last commit.
    """
    revision, committed = await _revision()
    arguments = {
        "SERVICE": service,
        "REVISION": revision,
        "SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH") or committed,
    }
    bases = {"PYTHON_IMAGE": options.python_image, "GO_IMAGE": options.go_image}
    arguments |= {name: image for name, image in bases.items() if image}
    target = services()[service].language or _PYTHON
    await output(
        (
            *(options.docker, "build", "--quiet", "--file", str(sources / "docker/Dockerfile")),
            *("--target", target, *options.docker_options, *extra),
            *(f"--build-arg={key}={value}" for key, value in arguments.items()),
            *("--tag", name, str(sources)),
        ),
        seconds=_BUILD_TIMEOUT,
        environment={"DOCKER_BUILDKIT": "1"},
    )


async def _revision() -> tuple[str, str]:
    """Return the last commit that changed an image's sources, and its time in Unix seconds."""
    try:
        git = ("git", "-C", str(ROOT), "log", "-1", "--format=%H %ct", "--", *_SOURCES)
        revision, committed = (await output(git, seconds=10)).split()
    except (CommandFailedError, ValueError):
        return "unknown", "0"  # a checkout without history
    return revision, committed


async def hand_over(options: BuildOptions, names: Sequence[str]) -> None:
    """Load images into the cluster, or push them to the registry."""
    if options.load == "registry":
        if not options.registry:
            raise CommandFailedError("IMAGE_LOAD=registry needs REGISTRY, such as 127.0.0.1:5000")
        for name in names:
            await output((options.docker, "push", "--quiet", name), seconds=_LOAD_TIMEOUT)
        return
    command = LOADERS.get(options.load or "") or tuple(shlex.split(options.load or ""))
    extra = [options.redis_image] if options.redis_image else []
    await output((*command, *names, *extra), seconds=_LOAD_TIMEOUT)
