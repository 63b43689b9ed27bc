"""`suitectl greet`: edit what a service says, and show its response before and after."""

import argparse
from collections.abc import Sequence

from suitectl.arguments import add_platform, platform_of
from suitectl.catalogue import Service, live_service
from suitectl.errors import CommandFailedError
from suitectl.live.live_setting import LiveSetting, Served
from suitectl.live.setting_text import replaced
from suitectl.platform.http import open_sender
from suitectl.platform.platform import Platform
from suitectl.reporter import Reporter

_LONGEST = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    add_platform(parser)
    parser.add_argument("--service", help="by default the one that is reached from outside")
    parser.add_argument("--text", help="what it says from now on")


async def run(options: argparse.Namespace) -> int:
    """Edit the ConfigMap, and wait until every pod serves the text."""
    text, service = _text(options.text), live_service(options.service)
    await greet(platform_of(options), service, text)
    return 0


async def greet(platform: Platform, service: Service, text: str) -> None:
    """Edit and wait; a text that is served already changes nothing."""
    reporter = Reporter(platform.name)
    async with open_sender(platform) as http:
        live = LiveSetting(platform, http, service)
        pods = await live.pods()
        before, stored = await live.ask(pods[0]), await live.config_map.read()
        old = live.text_in(stored, before)
        edited = replaced(stored.valid, live.setting, old, text)
        if edited == stored.text:
            reporter.say(f"GET {live.path} says so already: {text}")
            return
        reporter.title(f"ConfigMap {live.config_map.name}, {live.setting}: {old} -> {text}")
        began = await live.config_map.write(edited)
        served = await live.served_by_all(pods, text)
    reporter.changed(f"GET {live.path}", before, served[0].reply)
    _report(reporter, served, began)


def _report(reporter: Reporter, served: Sequence[Served], began: float) -> None:
    swap = max(one.at - one.swapped for one in served) * 1000
    edit = max(one.at for one in served) - began
    pods = f"{len(served)} pods serve it" if len(served) > 1 else "the pod serves it"
    after = f", {swap:.0f} ms after the swap" if swap > 0 else ""
    reporter.good(f"{pods}{after}, {edit * 1000:.0f} ms after the command was sent")


def _text(text: str | None) -> str:
    if not text:
        raise CommandFailedError("TEXT is missing, such as: make greet TEXT='Good morning'")
    if len(text) > _LONGEST or not text.isprintable():
        raise CommandFailedError(f"TEXT: take at most {_LONGEST} characters on one line")
    if "${" in text:
        raise CommandFailedError("TEXT: ${ begins a placeholder in a ConfigMap; leave it out")
    return text
