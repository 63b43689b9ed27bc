"""What a container is started as: command line and environment, with mount paths made real."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from localkube.addresses import Addresses
from localkube.environment import (
    PodFacts,
    base_environment,
    expand,
    manifest_environment,
    with_platform_profile,
)
from localkube.errors import MissingReferenceError
from localkube.events import Events
from localkube.images import Images, place
from localkube.objects import Object
from localkube.processes import Launch
from localkube.store import Store
from localkube.volumes import Mounts
from localkube.watchdog import Watchdog


@dataclass(frozen=True, slots=True)
class Platform:
    """What every pod stands on."""

    store: Store
    events: Events
    addresses: Addresses
    images: Images
    watchdog: Watchdog
    directory: Path
    environment: dict[str, str]
    """What localkube tells each process, such as where the discovery table is."""


@dataclass(frozen=True, slots=True)
class Launcher:
    """Builds a container's start, anew each time.

    Mount paths are replaced only in what the manifest says, never in what the image's command
    or localkube itself says: those are paths of this machine.
    """

    container: Object
    mounts: Mounts
    ports: Mapping[int, int]
    platform: Platform
    work: Path

    def build(self, facts: PodFacts) -> Launch:
        """Return what to start; raise `LocalkubeError` while something is missing."""
        manifest = manifest_environment(self.container, facts, self.platform.store)
        own = with_platform_profile(manifest)
        variables = {key: self.mounts.rewrite(value) for key, value in own.items()}
        arguments = self._from_manifest(self.container.get("args") or [], own)
        argv = [*self._program(own, facts.ip), *arguments]
        environment = base_environment(facts, self.work) | variables | self._given(facts.ip)
        return Launch(argv, environment, self.work)

    def _given(self, ip: str) -> dict[str, str]:
        given = dict(self.platform.environment)
        if self.platform.addresses.source_addresses:
            given["CLIENT__SOURCE_ADDRESS"] = ip
        if temporary := self.mounts.directories.get("/tmp"):  # noqa: S108  # of the manifest
            given["TMPDIR"] = str(temporary)
        return given

    def _program(self, variables: Mapping[str, str], ip: str) -> list[str]:
        program, *rest = self.platform.images.entrypoint(self.container)
        if self.container.get("command"):
            return [program, *self._from_manifest(rest, variables)]
        return [program, *(place(word, ip, self._port) for word in rest)]

    def _from_manifest(self, words: Sequence[str], variables: Mapping[str, str]) -> list[str]:
        return [self.mounts.rewrite(expand(word, variables)) for word in words]

    def _port(self, name: str) -> int:
        for entry in self.container.get("ports") or []:
            if not name or entry.get("name") == name:
                return self.ports[entry["containerPort"]]
        wanted = f"a port called {name!r}" if name else "a port"
        raise MissingReferenceError(f"the image's command needs {wanted}; add it to the manifest")
