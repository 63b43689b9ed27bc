"""`suitectl canary`: two versions behind one Service, by replicas, in steps that are watched."""

import argparse
import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from localkube.progress import step
from suitectl.arguments import (
    add_kubectl,
    add_platform,
    add_ready_within,
    add_versioned,
    amount,
    rate,
    replicas,
    whole,
)
from suitectl.errors import CommandFailedError
from suitectl.platform.http import Sender, open_sender
from suitectl.release.probes import AT_ONCE, probes, spread
from suitectl.release.release import Release
from suitectl.release.releases import Releases
from suitectl.release.steps import steps_of
from suitectl.release.traffic import REQUESTS, measure
from suitectl.release.watch import ERROR_RATE, MARGIN_MS, SAMPLE, SLOWER, Limits, Watch
from suitectl.waiting import until

PAUSE_S = 10.0
_BASELINE = 30
_FOLLOWS_WITHIN = 10.0
_MEASURED_AT_MOST = 3


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    add_versioned(parser)
    add_ready_within(parser)
    add_kubectl(parser)
    parser.add_argument("--v1", help="replicas of v1 after the last step")
    parser.add_argument("--v2", help="replicas of v2 after the last step")
    parser.add_argument("--steps", help="steps before: 10,25,50 (per cent of v2) or 4:1,2:3")
    parser.add_argument("--pause", help=f"seconds to watch each step, by default {PAUSE_S:g}")
    parser.add_argument(
        "--max-error-rate", help=f"share of failed probes, by default {ERROR_RATE:g}"
    )
    relative = f"{SLOWER:g} x the old version's p95 + {MARGIN_MS:g}"
    parser.add_argument("--max-latency-ms", help=f"p95 of the probes, by default {relative}")
    parser.add_argument("--sample", help=f"probes of the new version a step, by default {SAMPLE}")
    parser.add_argument("--requests", "-N", help=f"to measure shares, by default {REQUESTS}")


@dataclass(frozen=True, slots=True)
class Plan:
    """The releases of a canary in their order, and the version and limits to watch."""

    before: Release
    releases: Sequence[Release]
    watched: str
    limits: Limits
    pause: float
    requests: int


async def run(options: argparse.Namespace) -> int:
    """Move to the release step by step; go back where the new version exceeds a limit."""
    releases = Releases.of(options)
    plan = _plan(options, await releases.now())
    await releases.check(*plan.releases)
    for earlier, later in itertools.pairwise((plan.before, *plan.releases)):
        releases.reporter.say(f"plan: {earlier}  ->  {later}")
    async with open_sender(releases.platform) as sender:
        return await Canary(releases, sender).play(plan)


class Canary:
    """Plays a plan on a running suite."""

    def __init__(self, releases: Releases, sender: Sender) -> None:
        self._releases, self._sender = releases, sender
        self._service, self._reporter = releases.service, releases.reporter
        self._baseline: list[float] = []

    async def play(self, plan: Plan) -> int:
        """Go through the steps; return 1 where the last shares are outside their tolerance."""
        base = await self._releases.version_url(self._service.service)
        before = await probes(self._sender, base, _BASELINE)
        self._baseline += [p.seconds for p in before if p.version not in {None, plan.watched}]
        async with self._releases.going_back(plan.before):
            for number, release in enumerate(plan.releases, start=1):
                self._reporter.title(f"step {number} of {len(plan.releases)}: {release}")
                await self._releases.move(release)
                last = number == len(plan.releases)
                await self._watch(plan, release, 0.0 if last else plan.pause)
                within = await self._measure(plan.requests)
        self._reporter.say(f"go back with: {self._releases.way_back}")
        return 0 if within else 1

    async def _watch(self, plan: Plan, release: Release, pause: float) -> None:
        if not release.replicas[plan.watched]:
            self._reporter.say(f"{plan.watched} has no replicas: nothing to watch")
            return
        await self._releases.preview(plan.watched)
        base = await self._releases.version_url(self._service.service)
        preview = await self._releases.version_url(self._service.preview)
        leads_there = partial(self._leads_to, preview, plan.watched)
        what = f"{self._service.preview} to lead to {plan.watched}"
        await until(leads_there, what=what, seconds=_FOLLOWS_WITHIN, every=0.1)
        watch = Watch(plan.watched, preview, plan.limits, self._baseline)
        with step(f"watching {plan.watched} for {pause:g} s"):
            probed = [preview, base] * plan.limits.sample
            await spread(self._sender, probed, watch, seconds=pause)
        first, *more = watch.summary()
        self._reporter.good(first)
        for line in more:
            self._reporter.say(f"  {line}")

    async def _leads_to(self, preview: str, version: str) -> bool:
        """Say whether the preview Service leads to a version: kube-proxy follows with a delay."""
        probed = await probes(self._sender, preview, AT_ONCE)
        return all(p.responded and p.version in {None, version} for p in probed)

    async def _measure(self, requests: int) -> bool:
        """Measure the shares, and again where they are outside their tolerance."""
        for left in reversed(range(_MEASURED_AT_MOST)):
            _, shares = await measure(self._releases, self._sender, requests)
            if all(share.within for share in shares):
                return True
            if left:
                self._reporter.say("outside the tolerance; measuring again")
                await asyncio.sleep(1)
        self._reporter.bad("the shares stay outside their tolerance")
        return False


def _plan(options: argparse.Namespace, before: Release) -> Plan:
    target = replicas("V1", options.v1), replicas("V2", options.v2)
    if target == (0, 0):
        raise CommandFailedError("V1=0 V2=0: no replicas on either side; the Service needs pods")
    before.require(("v1", "v2"))
    selector = {key: value for key, value in before.selector.items() if key != "version"}
    counts = [{"v1": v1, "v2": v2} for v1, v2 in steps_of(options.steps, target)]
    steps = [Release(selector, {**before.replicas, **pair}) for pair in counts]
    latency = amount("--max-latency-ms", options.max_latency_ms, -1)
    return Plan(
        before=before,
        releases=steps,
        watched="v2" if steps[-1].share("v2") >= before.share("v2") else "v1",
        limits=Limits(
            sample=whole("--sample", options.sample, SAMPLE, least=1),
            error_rate=rate("--max-error-rate", options.max_error_rate, ERROR_RATE),
            latency_ms=None if latency < 0 else latency,
        ),
        pause=amount("PAUSE", options.pause, PAUSE_S),
        requests=whole("N", options.requests, REQUESTS, least=1),
    )
