"""The options that commands share; a wrong one is an error of one line.

An empty option counts as not given, because `make canary PAUSE=` passes one.
"""

import argparse
import math
import os

from suitectl.errors import CommandFailedError
from suitectl.platform.kubernetes import Kubernetes
from suitectl.platform.localkube import Localkube
from suitectl.platform.platform import Platform

MAX_REQUESTS = 100_000
MAX_REPLICAS = 110
"""Replicas of one version: as many as one node runs by default (`maxPods`)."""
READY_WITHIN = 120.0
MAX_SECONDS = 366 * 86_400.0
"""The longest delay that a command takes: a year."""
_ON, _OFF = ("1", "yes", "true", "on"), ("0", "no", "false", "off")


def add_platform(parser: argparse.ArgumentParser) -> None:
    """Add `--platform`, by default PLATFORM, else localkube."""
    parser.add_argument("--platform", default=os.environ.get("PLATFORM") or "localkube")


def platform_of(options: argparse.Namespace) -> Platform:
    """Return the user's own localkube, or the cluster of the current kubeconfig."""
    if options.platform == Localkube.name:
        return Localkube()
    if options.platform == Kubernetes.name:
        return Kubernetes()
    known = f"{Localkube.name} or {Kubernetes.name}"
    raise CommandFailedError(f"PLATFORM={options.platform}: no such platform; use {known}")


def add_versioned(parser: argparse.ArgumentParser) -> None:
    """Add `--service`: which one is released."""
    parser.add_argument("--service", help="by default the only one with versions")


def add_kubectl(parser: argparse.ArgumentParser) -> None:
    """Add `--kubectl`: which commands make the change."""
    parser.add_argument("--kubectl", help="print the commands of each change, for a cluster too")


def add_ready_within(parser: argparse.ArgumentParser) -> None:
    """Add `--ready-within`."""
    within = f"seconds for pods to become ready, by default {READY_WITHIN:g}"
    parser.add_argument("--ready-within", help=within)


def ready_within(options: argparse.Namespace) -> float:
    """Return the seconds for pods to become ready; raise `CommandFailedError`."""
    return amount("--ready-within", options.ready_within, READY_WITHIN)


def flag(name: str, text: str | None) -> bool:
    """Read a switch: 1 is on, 0 or nothing is off; raise `CommandFailedError`."""
    if text and text.lower() not in _ON + _OFF:
        raise CommandFailedError(f"{name}={text}: must be 1 or 0")
    return (text or "").lower() in _ON


def whole(
    name: str,
    text: str | None,
    default: int | None = None,
    *,
    least: int = 0,
    most: int = MAX_REQUESTS,
) -> int:
    """Read a whole number; raise `CommandFailedError`."""
    if not text:
        if default is None:
            raise CommandFailedError(f"{name} is missing; use a whole number from {least}")
        return default
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if not least <= number <= most:
        wanted = f"a whole number from {least} to {most}"
        raise CommandFailedError(f"{name}={text}: must be {wanted}")
    return number


def replicas(name: str, text: str | None) -> int:
    """Read the replicas of a version; raise `CommandFailedError`."""
    return whole(name, text, most=MAX_REPLICAS)


def amount(name: str, text: str | None, default: float, *, most: float = math.inf) -> float:
    """Read seconds or milliseconds from 0; raise `CommandFailedError`."""
    if not text:
        return default
    number = _number(text)
    if number is None or not 0 <= number <= most:
        to = "" if most == math.inf else f" to {most:g}"
        raise CommandFailedError(f"{name}={text}: must be a number from 0{to}")
    return number


def rate(name: str, text: str | None, default: float) -> float:
    """Read a share, as 0.01 or 1%; raise `CommandFailedError`."""
    if not text:
        return default
    number = _number(text.removesuffix("%"))
    if number is not None and text.endswith("%"):
        number /= 100
    if number is None or not 0 <= number <= 1:
        raise CommandFailedError(f"{name}={text}: must be a share such as 0.01 or 1%")
    return number


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None
