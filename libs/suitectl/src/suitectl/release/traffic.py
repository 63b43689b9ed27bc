"""Measures each version's share of the responses of the Service, on fresh connections."""

from collections.abc import Sequence

from suitectl.platform.http import Sender
from suitectl.release.probes import Probe, failures, probes
from suitectl.release.releases import Releases
from suitectl.release.shares import Share, draw, shares_of

REQUESTS = 200


async def measure(
    releases: Releases, sender: Sender, count: int
) -> tuple[Sequence[Probe], Sequence[Share]]:
    """Send `count` requests to the Service and print the shares."""
    service = releases.service.service
    base = await releases.version_url(service)
    release, ready = await releases.now(), await releases.ready()
    probed = await probes(sender, base, count)
    shares = shares_of(probed, {v: ready.get(v, 0) for v in release.replicas}, release.selector)
    reporter = releases.reporter
    reporter.say(f"{count} requests to {service}, a connection each; failed: {_failed(probed)}")
    draw(reporter, shares)
    return probed, shares


def _failed(probed: Sequence[Probe]) -> str:
    count = sum(one.version is None for one in probed)
    return f"{count}: {failures(probed)}" if count else "0"
