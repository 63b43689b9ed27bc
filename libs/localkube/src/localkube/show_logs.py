"""`logs`: print what containers wrote, and follow it."""

import argparse
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

from localkube.client import Client
from localkube.errors import LocalkubeError, NotFoundError, UsageError
from localkube.names import named
from localkube.objects import labels_of
from localkube.selectors import from_document, matches
from localkube.terminal import show

EVERY_S = 0.1


def logs(options: argparse.Namespace, client: Client) -> int:
    """Print the logs of a pod, of a Deployment's first pod, or of all pods with `-l`."""
    pods = _pods(options, client)
    if options.follow and len(pods) == 1:
        _follow(options, client, pods[0])
        return 0
    for pod in pods:
        for line in _last(_path(options, pod), options.tail):
            prefix = f"[{pod['metadata']['name']}] " if len(pods) > 1 else ""
            show(prefix + line)
    return 0


def _pods(options: argparse.Namespace, client: Client) -> list[Any]:
    if options.selector:
        return client.list("Pod", options.namespace, selector=options.selector)
    if not options.what:
        raise UsageError("name a pod, deployment/NAME, or choose with -l")
    words = options.what if "/" in options.what[0] else ["pod", *options.what]
    entry = named(words)[0]
    if entry.kind.name == "Pod":
        return client.list("Pod", options.namespace, names=entry.names)
    owner = client.get(entry.kind.name, options.namespace, entry.names[0])
    selector = from_document(owner["spec"]["selector"])
    everyone = client.list("Pod", options.namespace)
    chosen = [pod for pod in everyone if matches(selector, labels_of(pod))]
    if not chosen:
        raise NotFoundError(f"{options.what[0]} has no pods")
    return chosen if options.all_pods else chosen[:1]


def _path(options: argparse.Namespace, pod: Any) -> Path:
    names = [container["name"] for container in pod["spec"]["containers"]]
    name = options.container or names[0]
    if name not in names:
        raise NotFoundError(f"no container is called {name}; the pod has {', '.join(names)}")
    directory = Path(pod["metadata"]["annotations"]["localkube/directory"]) / "logs"
    return directory / (f"{name}.previous.log" if options.previous else f"{name}.log")


def _last(path: Path, count: int) -> Sequence[str]:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        if ".previous" in path.name:
            raise NotFoundError("the container did not run before") from None
        return []
    return lines if count < 0 else lines[len(lines) - min(count, len(lines)) :]


def _follow(options: argparse.Namespace, client: Client, pod: Any) -> None:
    path = _path(options, pod)
    show("\n".join(_last(path, options.tail)))
    with path.open("rb") as file:
        file.seek(0, 2)
        inode, file_now = path.stat().st_ino, file
        while _exists(client, pod):
            _copy(file_now)
            if path.exists() and path.stat().st_ino != inode:
                # The container was restarted: its new run writes a new file.
                inode, file_now = path.stat().st_ino, path.open("rb")
            time.sleep(EVERY_S)
        _copy(file_now)


def _copy(file: BinaryIO) -> None:
    while part := file.read(65536):
        sys.stdout.buffer.write(part)
        sys.stdout.flush()


def _exists(client: Client, pod: Any) -> bool:
    metadata = pod["metadata"]
    try:
        client.get("Pod", metadata["namespace"], metadata["name"])
    except LocalkubeError:
        return False
    return True
