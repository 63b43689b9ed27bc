"""Every image has a command in localkube.yaml, or a service's; every command has an image."""

from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from manifests.suite_manifests import Manifests, containers, title


def image_findings(
    manifests: Manifests, commands: AbstractSet[str], services: AbstractSet[str]
) -> Iterator[str]:
    """Compare the images of all pods with those that localkube.yaml names, and with services."""
    used: set[str] = set()
    for deployment in manifests.of("Deployment"):
        for container in containers(deployment):
            repository = _repository(container["image"])
            used.add(repository)
            if repository not in commands | services:
                yield f"{title(deployment)}: no command for image {repository}"
            yield from _argument_findings(title(deployment), container.get("args", []))
            if "command" in container:
                yield f"{title(deployment)}: replaces the image's command"
    for unused in commands - used - {"*"}:
        yield f"localkube.yaml: no pod uses image {unused}"
    for unused in services - used:
        yield f"services/{unused}: no pod uses its image"


def _argument_findings(where: str, arguments: list[str]) -> Iterator[str]:
    if arguments and not arguments[0].startswith("-"):
        yield f"{where}: args do not start with a flag"


def _repository(image: str) -> str:
    name = image.partition("@")[0].rsplit("/", maxsplit=1)[-1]
    return name.partition(":")[0]
