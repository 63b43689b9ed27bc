"""The interface to a platform: kubectl's verbs, and the addresses of Services and pods."""

import asyncio
import json
import shlex
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from localkube.progress import handed_over
from suitectl.platform.pod import Pod
from suitectl.shell import output, start

_TIMEOUT = 60.0


class Platform(ABC):
    """A running suite, reached by a command line client.

    `command` starts the client, `shown` is what people type; `profile` is the suite's active
    profile.
    """

    name: ClassVar[str]
    kinds: ClassVar[Sequence[str]]
    """The kinds of objects that people change while the suite runs."""

    def __init__(self, command: Sequence[str], shown: str, *, profile: str) -> None:
        self._command, self._shown, self.profile = command, shown, profile

    async def run(
        self,
        *arguments: str,
        stdin: str = "",
        timeout: float = _TIMEOUT,  # noqa: ASYNC109 - the process has to be ended as well
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Run a verb and return what it printed; raise `CommandFailedError`.

        `timeout` is in seconds; a client that takes longer is killed.
        """
        return await output(
            (*self._command, *arguments),
            seconds=timeout,
            environment=environment,
            stdin=stdin,
            shown=self.line(*arguments[:3]),
        )

    async def start(self, *arguments: str, **pipes: Any) -> asyncio.subprocess.Process:
        """Start a verb in a session of its own: Ctrl-C reaches the caller only."""
        return await start((*self._command, *arguments), **pipes)

    def environment(self) -> Mapping[str, str]:
        """Return the variables with which a command of ours finds this suite."""
        return {"PLATFORM": self.name}

    async def interactive(self, *arguments: str) -> int:
        """Run a verb on the user's terminal, such as an editor's; return its exit code."""
        process = await asyncio.create_subprocess_exec(*self._command, *arguments)
        with handed_over():
            return await process.wait()

    async def object(
        self,
        kind: str,
        name: str,
        namespace: str,
        timeout: float = _TIMEOUT,  # noqa: ASYNC109 - passed on to `run`
    ) -> dict[str, Any]:
        """Return one object as Kubernetes' JSON."""
        verb = ("get", kind, name, "-n", namespace, "-o", "json")
        printed = await self.run(*verb, timeout=timeout)
        found: dict[str, Any] = json.loads(printed)
        return found

    async def objects(self, kind: str, namespace: str | None = None) -> Sequence[dict[str, Any]]:
        """Return all objects of a kind, or of several with commas; of all namespaces by default."""
        where = ("-A",) if namespace is None else ("-n", namespace)
        printed = await self.run("get", kind, *where, "-o", "json")
        items: list[dict[str, Any]] = json.loads(printed)["items"]
        return items

    async def pods(self, namespace: str | None = None, app: str | None = None) -> list[Pod]:
        """Return the pods of a namespace, or of all, that have a label `app`."""
        pods = [Pod(document) for document in await self.objects("pods", namespace)]
        return [pod for pod in pods if app in {None, pod.labels.get("app")}]

    async def url(self, service: str, namespace: str) -> str:
        """Return the URL of a Service's first port, as its sender reaches it."""
        return service_url(await self.object("service", service, namespace))

    async def pod_url(self, pod: Pod) -> str:
        """Return the URL of a pod's first port."""
        port = pod.document["spec"]["containers"][0]["ports"][0]["containerPort"]
        return f"http://{pod.ip}:{port}"

    @abstractmethod
    async def swapped_at(self, pod: Pod) -> float:
        """Return when the pod's configuration mount was last swapped, in Unix seconds."""

    @abstractmethod
    async def hasten(self, app: str, namespace: str) -> None:
        """Bring edited configuration into a service's pods now, not within the minute."""

    def line(self, *arguments: str) -> str:
        """Return the command as it is typed for this platform."""
        return shlex.join((self._shown, *arguments))


def service_url(service: Mapping[str, Any]) -> str:
    """Return the URL of a Service's first port."""
    port = str(service["spec"]["ports"][0]["port"])
    # On localkube a port may be elsewhere, such as with --addresses=ports.
    moved = service.get("status", {}).get("addresses", {}).get(port)
    return f"http://{moved or ':'.join((service['spec']['clusterIP'], port))}"
