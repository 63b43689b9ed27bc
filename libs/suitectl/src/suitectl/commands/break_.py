"""`suitectl break`: a broken edit, and that the pods go on serving."""

import argparse
import asyncio

from suitectl.arguments import add_platform, flag, platform_of
from suitectl.catalogue import live_service, live_services
from suitectl.errors import CheckFailedError, CommandFailedError
from suitectl.live.live_setting import LiveSetting
from suitectl.live.setting_text import broken
from suitectl.live.verdicts import Verdict, last_verdict, next_verdict
from suitectl.platform.http import open_sender
from suitectl.reporter import Reporter


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    parser.add_argument("--service", help="by default the one that is reached from outside")
    parser.add_argument("--undo", help="restore the text of before the break")


async def run(options: argparse.Namespace) -> int:
    """Break the ConfigMap or mend it, and show what the pods say and serve."""
    change = _undo if flag("UNDO", options.undo) else _break
    platform = platform_of(options)
    reporter = Reporter(platform.name)
    async with open_sender(platform) as http:
        live = LiveSetting(platform, http, live_service(options.service))
        await change(live, reporter)
    return 0


async def _break(live: LiveSetting, reporter: Reporter) -> None:
    pods = await live.pods()
    before, stored = await live.ask(pods[0]), await live.config_map.read()
    if stored.before_break is not None:
        raise CommandFailedError(f"it is broken already; mend it: {_mend(live)}")
    text = broken(stored.text, live.setting, live.text_in(stored, before))
    reporter.title(
        f"ConfigMap {live.config_map.name}: a list in {live.setting} that nothing closes"
    )
    verdicts = await _written(live, text, before_break=stored.text)
    for verdict in verdicts:
        reporter.explain(f"{verdict.pod.name} says:")
        reporter.say(f"  {verdict.where}: {verdict.reason}")
    after = await live.ask(pods[0])
    reporter.changed(f"GET {live.path}", before, after)
    if any(verdict.taken for verdict in verdicts) or after.body != before.body:
        raise CheckFailedError("the broken edit had an effect")
    reporter.good("rejected, nothing changed: the last good version serves on")
    reporter.say(f"mend it with: {_mend(live)}")


async def _undo(live: LiveSetting, reporter: Reporter) -> None:
    stored = await live.config_map.read()
    if stored.before_break is None:
        raise CommandFailedError("nothing to mend: make break did not run here")
    verdicts = await _written(live, stored.before_break, before_break=None)
    for rejected in (verdict for verdict in verdicts if not verdict.taken):
        raise CheckFailedError(f"{rejected.pod.name}: {rejected.where}: {rejected.reason}")
    reporter.good(f"mended: {len(verdicts)} pods have the text of before the break")


async def _written(live: LiveSetting, text: str, *, before_break: str | None) -> list[Verdict]:
    """Write the text, and wait for each pod's verdict."""
    pods, platform = await live.pods(), live.platform
    earlier = await asyncio.gather(*(last_verdict(platform, pod) for pod in pods))
    await live.config_map.write(text, before_break=before_break)
    waiting = (next_verdict(platform, pod, e) for pod, e in zip(pods, earlier, strict=True))
    return list(await asyncio.gather(*waiting))


def _mend(live: LiveSetting) -> str:
    only = len(live_services()) == 1
    return "make break UNDO=1" + ("" if only else f" SERVICE={live.service.name}")
