"""`suitectl traffic`: who answers at the Service, by fresh connections."""

import argparse
from collections.abc import Sequence

from suitectl.arguments import add_platform, whole
from suitectl.http import Sender, open_sender, service_url
from suitectl.probes import Probe, failures, probes
from suitectl.program import Program, program_named
from suitectl.release import NAMESPACE, SERVICE
from suitectl.releases import Releases
from suitectl.shares import Share, draw, shares_of
from suitectl.telling import Teller

REQUESTS = 200


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `traffic`."""
    parser = verbs.add_parser("traffic", help="measure each version's share of the traffic")
    add_platform(parser)
    parser.add_argument("--requests", "-N", help=f"fresh connections, by default {REQUESTS}")
    parser.set_defaults(run=run)


async def run(options: argparse.Namespace) -> int:
    """Measure and draw; 1 where a request failed."""
    count = whole("N", options.requests, REQUESTS, least=1)
    program = program_named(options.platform)
    tell = Teller(program)
    releases = Releases(program, tell)
    await releases.now()
    async with open_sender(program) as sender:
        asked, _ = await measure(program, releases, sender, count)
    return 1 if any(one.version is None for one in asked) else 0


async def measure(
    program: Program, releases: Releases, sender: Sender, count: int
) -> tuple[Sequence[Probe], Sequence[Share]]:
    """Ask the Service `count` times and draw the shares."""
    base = await service_url(program, SERVICE, NAMESPACE)
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
