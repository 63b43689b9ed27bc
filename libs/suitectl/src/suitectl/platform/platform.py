"""What every command needs of a platform: kubectl's verbs, and where Services and pods are."""

import asyncio
import json
import os
import shlex
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from suitectl.errors import CommandFailedError
from suitectl.platform.pod import Pod
from suitectl.platform.stderr_summary import one_line

_TIMEOUT = 60.0


class Platform(ABC):
    """A running suite, reached by a command line client.

    `command` is how the client is started, `shown` how people type it; `profile` is the active
    profile of the suite.
    """

    name: ClassVar[str]
    kinds: ClassVar[Sequence[str]]
    """The objects that people change while the suite runs."""

    def __init__(self, command: Sequence[str], shown: str, *, profile: str) -> None:
        self._command, self._shown, self.profile = command, shown, profile

    async def run(
        self,
        *arguments: str,
        stdin: str | None = None,
        timeout: float = _TIMEOUT,  # noqa: ASYNC109 - the process has to be ended as well
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Run a verb and return what it printed; raise `CommandFailedError`.

        `timeout` is in seconds; a client that takes longer is killed.
        """
        process = await self.start(
            *arguments, environment=environment, stdin=asyncio.subprocess.PIPE
        )
        try:
            async with asyncio.timeout(timeout):
                out, err = await process.communicate((stdin or "").encode())
        except TimeoutError:
            reason = f"no answer within {timeout:g} s"
            raise CommandFailedError(f"{self.line(*arguments)}: {reason}") from None
        finally:
            await end(process)
        if process.returncode:
            reason = one_line(err.decode() or out.decode())
            raise CommandFailedError(f"{self.line(*arguments[:3])}: {reason}")
        return out.decode()

    async def start(
        self, *arguments: str, environment: Mapping[str, str] | None = None, **pipes: Any
    ) -> asyncio.subprocess.Process:
        """Start a verb in a session of its own: Ctrl-C is for the caller to act on."""
        options = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE} | pipes
        return await asyncio.create_subprocess_exec(
            *self._command,
            *arguments,
            env=os.environ | (environment or {}),
            start_new_session=True,
            **options,
        )

    async def object(self, kind: str, name: str, namespace: str) -> dict[str, Any]:
        """Return one object as Kubernetes' JSON."""
        printed = await self.run("get", kind, name, "-n", namespace, "-o", "json")
        found: dict[str, Any] = json.loads(printed)
        return found

    async def objects(self, kind: str, namespace: str | None = None) -> Sequence[dict[str, Any]]:
        """Return all objects of a kind, or of several with commas; of all namespaces by default."""
        where = ("-A",) if namespace is None else ("-n", namespace)
        printed = await self.run("get", kind, *where, "-o", "json")
        items: list[dict[str, Any]] = json.loads(printed)["items"]
        return items

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
    # localkube says where it had to put a port: with --addresses=ports that is elsewhere.
    moved = service.get("status", {}).get("addresses", {}).get(port)
    return f"http://{moved or ':'.join((service['spec']['clusterIP'], port))}"


async def end(process: asyncio.subprocess.Process) -> None:
    """Kill a process that still runs, and reap it."""
    if process.returncode is None:
        process.kill()
    await process.wait()
