"""The program that talks to the platform: kubectl, or localkube, which takes the same verbs."""

import asyncio
import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from suitectl.complaints import one_line

PLATFORMS = ("localkube", "kubernetes")
_TIMEOUT = 60.0


class CommandFailedError(Exception):
    """A command ended badly; the message is one line that says what to do."""


@dataclass(frozen=True, slots=True)
class Program:
    """A platform's command line client.

    `command` is how it is started, `shown` how people type it.
    """

    platform: str
    command: tuple[str, ...]
    shown: str

    async def run(
        self,
        *arguments: str,
        stdin: str | None = None,
        timeout: float = _TIMEOUT,  # noqa: ASYNC109 - the process has to be ended as well
        environment: Mapping[str, str] | None = None,
    ) -> str:
        """Run a verb and return what it printed; raise `CommandFailedError`.

        `timeout` is in seconds; a program that takes longer is killed.
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
            raise CommandFailedError(self._complaint(arguments, err.decode() or out.decode()))
        return out.decode()

    async def start(
        self,
        *arguments: str,
        environment: Mapping[str, str] | None = None,
        **pipes: Any,
    ) -> asyncio.subprocess.Process:
        """Start a verb in a session of its own: Ctrl-C is for the caller to act on."""
        options = {"stdout": asyncio.subprocess.PIPE, "stderr": asyncio.subprocess.PIPE} | pipes
        return await asyncio.create_subprocess_exec(
            *self.command,
            *arguments,
            env=os.environ | (environment or {}),
            start_new_session=True,
            **options,
        )

    async def object(self, kind: str, name: str, namespace: str) -> dict[str, Any]:
        """Return one object as Kubernetes' JSON."""
        found: dict[str, Any] = json.loads(
            await self.run("get", kind, name, "-n", namespace, "-o", "json")
        )
        return found

    async def objects(self, kind: str, namespace: str | None = None) -> Sequence[dict[str, Any]]:
        """Return all objects of a kind, of all namespaces by default."""
        where = ("-A",) if namespace is None else ("-n", namespace)
        items: list[dict[str, Any]] = json.loads(await self.run("get", kind, *where, "-o", "json"))[
            "items"
        ]
        return items

    def line(self, *arguments: str) -> str:
        """Return the command as it is typed for this platform."""
        return shlex.join((self.shown, *arguments))

    def _complaint(self, arguments: Sequence[str], said: str) -> str:
        return f"{self.line(*arguments[:3])}: {one_line(said)}"


def kubectl_line(*arguments: str) -> str:
    """Return the kubectl command that a verb stands for, on whatever platform."""
    return shlex.join(("kubectl", *arguments))


def program_named(
    platform: str, *, state: Path | None = None, context: str | None = None
) -> Program:
    """Return the client of a platform.

    `state` is localkube's state directory, `context` one of kubectl's instead of the current.
    """
    if platform == "localkube":
        options = () if state is None else ("--state", str(state))
        own = Path(sys.executable).with_name("localkube")
        return Program(platform, (str(own), *options), "./localkube")
    if platform != "kubernetes":
        known = " or ".join(PLATFORMS)
        raise CommandFailedError(f"PLATFORM={platform}: no such platform; take {known}")
    if shutil.which("kubectl") is None:
        raise CommandFailedError(
            "kubectl is not on the PATH; install it, or take PLATFORM=localkube"
        )
    command = ("kubectl", *([f"--context={context}"] if context else ()))
    return Program(platform, command, shlex.join(command))


async def end(process: asyncio.subprocess.Process) -> None:
    """Kill a process that still runs, and reap it."""
    if process.returncode is None:
        process.kill()
    await process.wait()
