"""What a container is started as: command line and environment, with mount paths made real."""

from dataclasses import dataclass
from pathlib import Path

from localkube.api.objects import Object
from localkube.engine.events import Events
from localkube.engine.network.addresses import Addresses
from localkube.engine.pods.environment import (
    base_environment,
    expand,
    manifest_environment,
    with_platform_profile,
)
from localkube.engine.pods.processes import Launch
from localkube.engine.pods.volumes import Mounts
from localkube.engine.pods.watchdog import Watchdog
from localkube.engine.store import Store
from localkube.errors import LocalkubeError
from localkube.images import Images, place


@dataclass(frozen=True, slots=True)
class Platform:
    """What every pod stands on."""

    store: Store
    events: Events
    addresses: Addresses
    images: Images
    watchdog: Watchdog
    directory: Path
    """Where the directories of pods are."""
    environment: dict[str, str]
    """What localkube tells each process, such as where the discovery table is."""


def launch(container: Object, pod: Object, mounts: Mounts, platform: Platform) -> Launch:
    """Return what to start; raise `LocalkubeError` while something is missing.

    Mount paths are replaced only in what the manifest says, never in what the image's command
    or localkube itself says: those are paths of this machine.
    """
    work = platform.directory / pod["metadata"]["namespace"] / pod["metadata"]["name"] / "work"
    variables = with_platform_profile(manifest_environment(container, pod, platform.store))
    ip = pod["status"]["podIP"]
    program, *rest = platform.images.entrypoint(container)
    own, given = container.get("args", []), []
    if "command" in container:
        own = [*rest, *own]
    else:
        given = [place(word, ip, lambda name: real_port(container, name)) for word in rest]
    argv = [program, *given, *(mounts.rewrite(expand(word, variables)) for word in own)]
    rewritten = {name: mounts.rewrite(value) for name, value in variables.items()}
    environment = base_environment(pod, work) | rewritten | platform.environment
    if platform.addresses.loopback:
        environment["CLIENT__SOURCE_ADDRESS"] = ip
    if temporary := mounts.directories.get("/tmp"):  # noqa: S108  # of the manifest
        environment["TMPDIR"] = str(temporary)
    return Launch(argv, environment, work)


def real_port(container: Object, wanted: int | str) -> int:
    """Return where a container listens for a port's number or name, its first one for ''."""
    for port in container.get("ports", []):
        if wanted in {"", port["containerPort"], port.get("name")}:
            return int(port.get("hostPort", port["containerPort"]))
    if isinstance(wanted, int):
        return wanted
    needed = f"a port called {wanted!r}" if wanted else "a port"
    raise LocalkubeError(f"the image's command needs {needed}; add it to the manifest")
