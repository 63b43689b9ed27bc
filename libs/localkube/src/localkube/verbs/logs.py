"""`logs`: print a container's log, and follow it."""

import argparse
import os
import time
from pathlib import Path
from typing import Any

from localkube.api.objects import DIRECTORY, selects
from localkube.control.client import Client
from localkube.errors import LocalkubeError, UsageError
from localkube.terminal import print_result
from localkube.verbs.resource_arguments import parse_resource

PERIOD_S = 0.1


def logs(options: argparse.Namespace, client: Client) -> int:
    """Print the log of a pod, or of a Deployment's first pod."""
    pod = _pod(options, client)
    path = _path(options, pod)
    if not path.exists() and options.previous:
        raise LocalkubeError("the container has no previous run")
    seen, lines = _read(path, (0, 0))
    shown = lines if options.tail < 0 else lines[max(0, len(lines) - options.tail) :]
    if shown:
        print_result("\n".join(shown))
    if options.follow:
        _follow(path, seen, client, pod)
    return 0


def _pod(options: argparse.Namespace, client: Client) -> Any:
    words = options.what if "/" in "".join(options.what) else ["pod", *options.what]
    kind, name = parse_resource(words)
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
        raise LocalkubeError(f"container {name} not found; the pod has {', '.join(names)}")
    directory = Path(pod["metadata"]["annotations"][DIRECTORY]) / "logs"
    return directory / (f"{name}.previous.log" if options.previous else f"{name}.log")


def _follow(path: Path, seen: tuple[int, int], client: Client, pod: Any) -> None:
    name, namespace, alive = pod["metadata"]["name"], pod["metadata"]["namespace"], True
    while alive:
        alive = name in {other["metadata"]["name"] for other in client.list("Pod", namespace)}
        seen, lines = _read(path, seen)
        if lines:
            print_result("\n".join(lines))
        time.sleep(PERIOD_S)


def _read(path: Path, seen: tuple[int, int]) -> tuple[tuple[int, int], list[str]]:
    """Read complete lines after `seen`, an inode and an offset; a restart begins a new file."""
    if not path.exists():
        return seen, []
    with path.open("rb") as file:
        inode = os.fstat(file.fileno()).st_ino
        start = file.seek(seen[1] if inode == seen[0] else 0)
        added = file.read()
    # The first read includes an incomplete line, later ones do not.
    whole = added[: added.rfind(b"\n") + 1] if seen[0] else added
    return (inode, start + len(whole)), whole.decode(errors="replace").splitlines()
