"""`suitectl blue-green`: all traffic to one version at once, after a smoke test."""

import argparse
import asyncio
import time

from suitectl.arguments import add_kubectl, add_platform, add_ready_within, add_versioned
from suitectl.errors import CommandFailedError, ReleaseFailedError
from suitectl.platform.http import Sender, open_sender
from suitectl.release.probes import failures, probes
from suitectl.release.release import Release
from suitectl.release.releases import Releases
from suitectl.release.smoke import smoke

_PROBES = 50
_FAILED_AT_MOST = 1
_SWITCHED_WITHIN = 10.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    add_versioned(parser)
    add_ready_within(parser)
    add_kubectl(parser)
    parser.add_argument("--to", help="the version, such as v2")


async def run(options: argparse.Namespace) -> int:
    """Make the version ready, test it, switch, and check that only it responds."""
    releases = Releases.of(options)
    before = await releases.now()
    target = _target(options.to, before)
    await releases.check(target)
    releases.reporter.title(f"{before}  ->  {target}")
    async with open_sender(releases.platform) as sender:
        # A version that has pods is tested before anything changes.
        if (await releases.ready()).get(options.to):
            await _try(releases, options.to)
        async with releases.going_back(before):
            if target.replicas != before.replicas:
                await releases.grow(target)
                await _try(releases, options.to)
            await releases.select(target)
            await _arrived(releases, sender, options.to)
    releases.reporter.say(f"go back with: {releases.way_back}")
    return 0


async def _try(releases: Releases, version: str) -> None:
    await releases.preview(version)
    await smoke(releases, version)


def _target(version: str | None, before: Release) -> Release:
    """Return the release to switch to, with at least as many pods as receive the traffic now."""
    if not version:
        raise CommandFailedError(f"TO is missing; there are: {before.versions}")
    before.require([version])
    count = max(1, before.replicas[version], *before.carrying.values())
    return Release({**before.selector, "version": version}, {**before.replicas, version: count})


async def _arrived(releases: Releases, sender: Sender, version: str) -> None:
    """Wait until only one version responds on fresh connections."""
    base = await releases.version_url(releases.service.service)
    began = time.monotonic()
    while True:
        probed = await probes(sender, base, _PROBES)
        responding = {one.version for one in probed}
        took = time.monotonic() - began
        if responding == {version}:
            only = f"only {version} responds on {_PROBES} fresh connections"
            releases.reporter.good(f"{only}, {took:.1f} s after the switch")
            return
        if sum(one.version is None for one in probed) > _FAILED_AT_MOST:
            raise ReleaseFailedError(f"{version} fails after the switch: {failures(probed)}")
        if took > _SWITCHED_WITHIN:
            others = ", ".join(sorted(str(v) for v in responding - {version}))
            raise ReleaseFailedError(f"{others} still responds {took:.0f} s after the switch")
        await asyncio.sleep(0.1)
