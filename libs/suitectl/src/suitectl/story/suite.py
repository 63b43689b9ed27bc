"""The running suite as chapters use it: the platform, a reporter, HTTP, and tokens."""

from dataclasses import dataclass
from typing import Any

from suitectl.command_lines import Verb
from suitectl.platform.http import Reply, Request
from suitectl.platform.platform import Platform
from suitectl.platform.pod import Pod
from suitectl.reporter import Reporter
from suitectl.tokens import CasServer

VERB_S = 180.0
"""The time limit of a verb, which may wait for pods."""


@dataclass(frozen=True, slots=True)
class Suite(CasServer):
    """The running suite, and the reporter of what is played."""

    reporter: Reporter

    async def run(self, verb: Verb, *, show: bool = False) -> str:
        """Run a verb and return what it printed; raise `CommandFailedError`.

        With `show` it is printed first, as people type it.
        """
        if show:
            self.reporter.command(verb)
        return await self.platform.run(
            *verb.arguments, environment=verb.environment(), timeout=VERB_S
        )

    async def call(
        self, service: tuple[str, str], path: str, *, method: str = "GET", **options: Any
    ) -> Reply:
        """Call a Service; options are those of `Request`."""
        url = await self.platform.url(*service) + path
        return await self.http.send(Request(method, url, **options))


async def ready_pods(
    platform: Platform, app: str, namespace: str, version: str | None = None
) -> list[Pod]:
    """Return the ready pods that carry a label `app`, and a `version` where one is named."""
    pods = await platform.pods(namespace, app)
    return [pod for pod in pods if pod.ready and version in {None, pod.labels.get("version")}]
