"""`suitectl kill`: kill a pod under a small load, and count what fails."""

import argparse

from suitectl.arguments import add_platform, platform_of
from suitectl.catalogue import TRY, Service, called_service, registrations, service_named
from suitectl.catalogue import token_service as issuing_service
from suitectl.command_lines import Verb
from suitectl.errors import CheckFailedError, CommandFailedError
from suitectl.platform.http import Request, Sender, open_sender
from suitectl.platform.platform import Platform
from suitectl.platform.pod import Pod
from suitectl.reporter import Reporter
from suitectl.story.load import Tally, enough, load
from suitectl.tokens import CasServer
from suitectl.waiting import until

_USERS, _TOKENS_EACH = 2, 4
"""Several tokens, so that they are checked all the time."""
_AROUND = 100
_REPLACED_WITHIN = 60.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    parser.add_argument("--service", help="whose pod is killed, by default of the token service")


async def run(options: argparse.Namespace) -> int:
    """Kill a pod with SIGKILL; raise `CheckFailedError` where a request failed."""
    service = service_named(options.service) if options.service else issuing_service()
    platform = platform_of(options)
    reporter = Reporter(platform.name, kubectl=False)
    async with open_sender(platform) as http:
        requests = await _requests(platform, http)
        async with load(http, requests) as tally:
            await enough(tally, _AROUND)
            await _kill(platform, reporter, service, tally)
            await enough(tally, _AROUND)
    if tally.failed:
        raise CheckFailedError(tally.summary())
    reporter.good(f"no request failed: {tally.summary()}")
    return 0


async def _requests(platform: Platform, http: Sender) -> list[Request]:
    """Return requests to the service that is reached from outside, by several tokens."""
    called, cas = called_service(None), CasServer(platform, http)
    url = await platform.url(*called.address)
    users = [*registrations()["users"]][:_USERS] * _TOKENS_EACH
    tokens = [(await cas.user_token(user))["access_token"] for user in users]
    paths = [path.strip() for path in called.annotation(TRY).split(",")]
    return [Request("GET", url + path, bearer=token) for token in tokens for path in paths]


async def _kill(platform: Platform, reporter: Reporter, service: Service, tally: Tally) -> None:
    pods = await _ready(platform, service)
    if not pods:
        raise CommandFailedError(f"{service.name} has no ready pod; try: make up")
    victim = pods[0].name
    before = len(tally.replies)
    reporter.say(f"{before} requests to {called_service(None).name}, {len(tally.failed)} failed")
    verb = ("delete", "pod", victim, "-n", service.namespace, "--grace-period=0", "--force")
    reporter.command(Verb(verb))
    await platform.run(*verb)

    async def replaced() -> bool:
        names = {pod.name for pod in await _ready(platform, service)}
        return victim not in names and len(names) == len(pods)

    await until(replaced, what=f"a new pod of {service.name}", seconds=_REPLACED_WITHIN)
    reporter.good(f"{victim} is replaced, {len(tally.replies) - before} requests later")


async def _ready(platform: Platform, service: Service) -> list[Pod]:
    return [pod for pod in await platform.pods(service.namespace, service.name) if pod.ready]
