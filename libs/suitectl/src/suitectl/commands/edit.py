"""`suitectl edit`: open a service's ConfigMap in the editor, and watch the edit take effect."""

import argparse
import asyncio

from suitectl.arguments import add_platform, platform_of
from suitectl.catalogue import Service, called_service
from suitectl.errors import CommandFailedError
from suitectl.live.config_map import ConfigMap
from suitectl.live.verdicts import Verdict, last_verdict, next_verdict
from suitectl.platform.platform import Platform
from suitectl.platform.pod import Pod
from suitectl.reporter import Reporter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    parser.add_argument("--service", help="by default the one that is reached from outside")


async def run(options: argparse.Namespace) -> int:
    """Edit, and wait for what each pod says; return 1 where one rejects the edit."""
    return await edit(platform_of(options), called_service(options.service))


async def edit(platform: Platform, service: Service) -> int:
    """Open the editor, and wait; return the editor's status where it fails."""
    config_map, reporter = ConfigMap(platform, service), Reporter(platform.name)
    before = await config_map.read()
    pods = await _ready(platform, service)
    earlier = await asyncio.gather(*(last_verdict(platform, pod) for pod in pods))
    verb = ("edit", "configmap", config_map.name, "-n", service.namespace)
    if code := await platform.interactive(*verb):
        return code
    if (await config_map.read()).text == before.text:
        reporter.say("the text is unchanged: nothing to watch")
        return 0
    await platform.hasten(service.name, service.namespace)
    waiting = (next_verdict(platform, pod, e) for pod, e in zip(pods, earlier, strict=True))
    verdicts = await asyncio.gather(*waiting)
    for verdict in verdicts:
        _report(reporter, verdict, await platform.swapped_at(verdict.pod))
    return 0 if all(verdict.taken for verdict in verdicts) else 1


async def _ready(platform: Platform, service: Service) -> list[Pod]:
    pods = [pod for pod in await platform.pods(service.namespace, service.name) if pod.ready]
    if not pods:
        raise CommandFailedError(f"{service.name} has no ready pod; try: make up")
    return pods


def _report(reporter: Reporter, verdict: Verdict, swapped: float) -> None:
    if verdict.taken:
        took = max(verdict.at - swapped, 0.0) * 1000
        reporter.good(f"{verdict.pod.name}: in effect {took:.0f} ms after the swap")
        return
    reporter.bad(f"{verdict.pod.name}: rejected, the last good version serves on")
    reporter.say(f"  {verdict.where}: {verdict.reason}")
