"""Measures who answers at the Service, by fresh connections."""

from collections.abc import Sequence

from suitectl.platform.http import Sender
from suitectl.platform.platform import Platform
from suitectl.release.probes import Probe, failures, probes
from suitectl.release.release import NAMESPACE, SERVICE
from suitectl.release.releases import Releases
from suitectl.release.shares import Share, draw, shares_of

REQUESTS = 200


async def measure(
    platform: Platform, releases: Releases, sender: Sender, count: int
) -> tuple[Sequence[Probe], Sequence[Share]]:
    """Ask the Service `count` times and draw the shares."""
    base = await platform.url(SERVICE, NAMESPACE)
    release, ready = await releases.now(), await releases.ready()
    asked = await probes(sender, base, count)
    shares = shares_of(asked, {v: ready.get(v, 0) for v in release.replicas}, release.selector)
    tell = releases.tell
    tell.say(f"{count} requests to {SERVICE}, a connection each; failed: {_failed(asked)}")
    draw(tell, shares)
    return asked, shares


def _failed(asked: Sequence[Probe]) -> str:
    count = sum(one.version is None for one in asked)
    return f"{count}: {failures(asked)}" if count else "0"
