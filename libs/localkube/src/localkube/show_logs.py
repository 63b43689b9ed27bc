"""`logs`: print what a container wrote, and follow it."""

import argparse
import sys
import time
from pathlib import Path
from typing import Any

from localkube.client import Client
from localkube.errors import LocalkubeError, UsageError
from localkube.kinds import one
from localkube.objects import DIRECTORY, selects
from localkube.terminal import show

EVERY_S = 0.1


def logs(options: argparse.Namespace, client: Client) -> int:
    """Print the log of a pod, or of a Deployment's first pod."""
    pod = _pod(options, client)
    path = _path(options, pod)
    if not path.exists() and options.previous:
        raise LocalkubeError("the container did not run before")
    text = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
    lines = text.splitlines()
    shown = lines if options.tail < 0 else lines[max(0, len(lines) - options.tail) :]
    if shown:
        show("\n".join(shown))
    if options.follow:
        _follow(path, len(text.encode()), client, pod)
    return 0


def _pod(options: argparse.Namespace, client: Client) -> Any:
    words = options.what if "/" in "".join(options.what) else ["pod", *options.what]
    kind, name = one(words)
    found = client.get(kind.name, options.namespace, name)
    if kind.name == "Pod":
        return found
    if kind.name != "Deployment":
        raise UsageError("name a pod, or deployment/NAME")
    selector = found["spec"]["selector"]["matchLabels"]
    pods = [pod for pod in client.list("Pod", options.namespace) if selects(selector, pod)]
    if not pods:
        raise LocalkubeError(f"{options.what[0]} has no pods")
    return pods[0]


def _path(options: argparse.Namespace, pod: Any) -> Path:
    names = [container["name"] for container in pod["spec"]["containers"]]
    name = options.container or names[0]
    if name not in names:
        raise LocalkubeError(f"no container is called {name}; the pod has {', '.join(names)}")
    directory = Path(pod["metadata"]["annotations"][DIRECTORY]) / "logs"
    return directory / (f"{name}.previous.log" if options.previous else f"{name}.log")


def _follow(path: Path, seen: int, client: Client, pod: Any) -> None:
    """Print what is added; a restarted container begins a new, shorter file."""
    metadata, selected = pod["metadata"], {"kind": "Pod", "namespace": pod["metadata"]["namespace"]}
    gone = False
    while not gone:
        gone = metadata["name"] not in {
            other["metadata"]["name"] for other in client.list(**selected)
        }
        if path.exists():
            seen = _print_from(path, seen)
        time.sleep(EVERY_S)


def _print_from(path: Path, seen: int) -> int:
    with path.open("rb") as file:
        file.seek(seen if path.stat().st_size >= seen else 0)
        sys.stdout.buffer.write(file.read())
        sys.stdout.flush()
        return file.tell()
