"""The pod sandbox: the address, directory and document that the containers of a pod share."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from localkube.api.objects import DIRECTORY, Object, Ref, annotations_of, ref_of
from localkube.engine.events import Events
from localkube.engine.network.addresses import Addresses
from localkube.engine.pods.watchdog import Watchdog
from localkube.engine.store import Store
from localkube.images import Images

VOLUME = "localkube/volume."
"""With a volume's name: the annotation that holds the volume's directory."""
REVISION = "localkube/revision"
"""The annotation with the revision of the sources of a pod that was started after a save."""
DEFAULT_GRACE_S = 30
MIN_GRACE_S = 1.0
"""The grace period that replaces a negative one, as in Kubernetes."""


@dataclass(frozen=True, slots=True)
class Platform:
    """What all pods use."""

    store: Store
    events: Events
    addresses: Addresses
    images: Images
    watchdog: Watchdog
    directory: Path
    """Parent of the pods' directories."""
    environment: dict[str, str]
    """Variables of every process, such as the path of the discovery table."""


@dataclass(slots=True)
class Sandbox:
    """What the containers of one pod share; `document` is replaced at each change."""

    platform: Platform
    ip: str
    directory: Path
    document: Object
    publish: Callable[[], None] = lambda: None
    """Reports a changed status to the pod."""
    _retry: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    def create(cls, document: Object, platform: Platform) -> "Sandbox":
        """Allocate an address, a directory and ports, and write them into the document."""
        ref, spec = ref_of(document), document["spec"]
        directory = platform.directory / ref.namespace / ref.name
        volumes = {
            VOLUME + volume["name"]: str(directory / "volumes" / volume["name"])
            for volume in spec.get("volumes", [])
        }
        annotations = annotations_of(document) | volumes | {DIRECTORY: str(directory)}
        containers = [
            {**c, "ports": [_with_host_port(port, platform) for port in c.get("ports", [])]}
            for c in spec["containers"]
        ]
        defaults = {"serviceAccountName": "default", "nodeName": "localhost"}
        metadata = {**document["metadata"], "annotations": annotations}
        spec = defaults | spec | {"containers": containers}
        placed = {**document, "metadata": metadata, "spec": spec}
        return cls(platform, platform.addresses.pod_ip(), directory, placed)

    @property
    def ref(self) -> Ref:
        """Return the pod's name."""
        return ref_of(self.document)

    @property
    def grace(self) -> float:
        """Return the seconds a container has between SIGTERM and SIGKILL."""
        seconds = self.document["spec"].get("terminationGracePeriodSeconds", DEFAULT_GRACE_S)
        return float(seconds) if seconds >= 0 else MIN_GRACE_S

    def record(self, reason: str, message: str, *, warning: bool = False) -> None:
        """Record an event of the pod."""
        self.platform.events.record(self.ref, reason, message, warning=warning)

    async def wait_for_retry(self) -> None:
        """Wait until `retry_now` is called."""
        await self._retry.wait()

    def retry_now(self) -> None:
        """Wake the containers that wait for a ConfigMap or Secret."""
        self._retry.set()
        self._retry = asyncio.Event()


def _with_host_port(port: Object, platform: Platform) -> Object:
    # hostPort is Kubernetes' field for a port of the machine.
    real = platform.addresses.pod_port(port["containerPort"])
    return port if real == port["containerPort"] else {**port, "hostPort": real}
