"""The running suite as chapters use it: the platform, a reporter, HTTP, and tokens."""

from dataclasses import dataclass
from typing import Any

from suitectl import tokens
from suitectl.command_lines import Verb
from suitectl.platform.http import Reply, Request, Sender
from suitectl.platform.platform import Platform
from suitectl.platform.pod import Pod
from suitectl.reporter import Reporter

_VERB_S = 180.0


@dataclass(frozen=True, slots=True)
class Suite:
    """The running suite as a chapter sees it."""

    platform: Platform
    reporter: Reporter
    http: Sender

    async def run(self, verb: Verb, *, show: bool = False) -> str:
        """Run a verb and return what it printed; raise `CommandFailedError`.

        With `show` it is printed first, as people type it.
        """
        if show:
            self.reporter.command(verb)
        return await run(self.platform, verb)

    async def user_token(self, user: str) -> dict[str, Any]:
        """Get a user's tokens."""
        return await tokens.user_token(self.platform, self.http, user)

    async def client_token(self, client: str) -> dict[str, Any]:
        """Get a client's own token."""
        return await tokens.client_token(self.platform, self.http, client)

    async def cas(self, path: str, client: str, form: dict[str, str]) -> Reply:
        """Post a form to cas-server as a client."""
        return await tokens.post(self.platform, self.http, path, client, form)

    async def call(
        self, service: tuple[str, str], path: str, *, method: str = "GET", **options: Any
    ) -> Reply:
        """Call a Service; options are those of `Request`."""
        url = await self.platform.url(*service) + path
        return await self.http.send(Request(method, url, **options))


async def run(platform: Platform, verb: Verb) -> str:
    """Run a verb and return what it printed; raise `CommandFailedError`."""
    return await platform.run(*verb.arguments, environment=verb.environment(), timeout=_VERB_S)


async def ready_pods(platform: Platform, app: str, namespace: str) -> list[Pod]:
    """Return the ready pods that carry a label `app`."""
    return [pod for pod in await platform.pods(namespace, app) if pod.ready]
