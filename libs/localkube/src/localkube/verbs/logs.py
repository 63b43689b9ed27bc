"""`logs`: print the logs of containers, and follow them."""

import argparse
import datetime as dt
from typing import Any

from localkube.api.kinds import Kind, kind_named
from localkube.api.objects import selects
from localkube.control.client import Client
from localkube.errors import LocalkubeError, UsageError
from localkube.logs.line_times import since
from localkube.logs.log_file import LogFile, log_directory
from localkube.terminal import print_progress
from localkube.verbs.log_stream import Stream
from localkube.verbs.resource_arguments import parse_resource

TAIL_OF_MANY = 10
"""Lines of each container with a selector, unless `--tail` says more."""
_WAITS = 'container "{}" in pod "{}" is waiting to start: {}'


def logs(options: argparse.Namespace, client: Client) -> int:
    """Print the logs of a pod, of a Deployment's first pod, or of all that a selector chooses."""
    _check(options)
    pods = _pods(options, client)
    streams = [_stream(options, pod, name) for pod in pods for name in _containers(options, pod)]
    if options.follow and len(streams) > options.max_log_requests:
        raise LocalkubeError(
            f"you are attempting to follow {len(streams)} log streams, but maximum allowed"
            f" concurrency is {options.max_log_requests}, use --max-log-requests to increase"
            " the limit"
        )
    for stream in streams:
        stream.show(_chosen(options, stream))
    if options.follow:
        from localkube.verbs.logs_follow import follow  # noqa: PLC0415  # rarely needed

        follow(client, streams, options.namespace)
    return 0


def _check(options: argparse.Namespace) -> None:
    if options.all_containers and options.container:
        reason = f"should not be specified with container name {options.container}"
        raise UsageError(f"--all-containers=true {reason}")
    if options.selector and options.what:
        raise UsageError("only a selector (-l) or a POD name is allowed")
    if not options.selector and not options.what:
        raise UsageError("POD or TYPE/NAME is a required argument for the logs command")
    if options.tail is not None and options.tail < -1:
        raise UsageError("--tail must be greater than or equal to -1")
    if options.since is not None and options.since_time is not None:
        raise UsageError("at most one of `sinceTime` or `sinceSeconds` may be specified")


def _pods(options: argparse.Namespace, client: Client) -> list[Any]:
    if options.selector:
        found = client.list("Pod", options.namespace, selector=options.selector)
        if not found:
            print_progress(f"No resources found in {options.namespace} namespace.")
        return found
    kind, name = _named(options)
    document = client.get(kind.name, options.namespace, name)
    if kind.name == "Pod":
        return [document]
    if kind.name not in {"Deployment", "Service"}:
        raise UsageError(f"cannot get the logs from {kind.name}; name a pod, or deployment/NAME")
    return _pods_of(options, client, document)


def _named(options: argparse.Namespace) -> tuple[Kind, str]:
    """Read `POD`, `POD CONTAINER`, `KIND/NAME` or `KIND NAME`."""
    first, *others = options.what
    if others and not _is_kind(first):
        if options.container:
            raise UsageError("only one of -c or an inline [CONTAINER] arg is allowed")
        options.container = others.pop()
    words = [first] if "/" in first else ["pod", first]
    return parse_resource([*(words if not others else [first]), *others])


def _is_kind(word: str) -> bool:
    try:
        return bool(kind_named(word))
    except UsageError:
        return False


def _pods_of(options: argparse.Namespace, client: Client, owner: Any) -> list[Any]:
    selector = owner["spec"]["selector"]
    selector = selector.get("matchLabels", selector)
    pods = [pod for pod in client.list("Pod", options.namespace) if selects(selector, pod)]
    if not pods:
        raise LocalkubeError(f"{options.what[0]} has no pods")
    if options.all_pods:
        return pods
    if len(pods) > 1:
        first = pods[0]["metadata"]["name"]
        print_progress(f"Found {len(pods)} pods, using pod/{first}")
    return pods[:1]


def _containers(options: argparse.Namespace, pod: Any) -> list[str]:
    names = [container["name"] for container in pod["spec"]["containers"]]
    if options.all_containers:
        return names
    if options.container and options.container not in names:
        pod_name = pod["metadata"]["name"]
        reason = f"container {options.container} is not valid for pod {pod_name}"
        raise LocalkubeError(f"{reason}; it has {', '.join(names)}")
    if not options.container and len(names) > 1:
        print_progress(f'Defaulted container "{names[0]}" out of: {", ".join(names)}')
    return [options.container or names[0]]


def _stream(options: argparse.Namespace, pod: Any, container: str) -> Stream:
    ending = "previous.log" if options.previous else "log"
    pod_name = pod["metadata"]["name"]
    log = LogFile(log_directory(pod) / f"{container}.{ending}")
    if not log.path.exists() and options.previous:
        found = f'previous terminated container "{container}" in pod "{pod_name}" not found'
        raise LocalkubeError(found)
    if not log.path.exists() and not options.follow:
        states = pod["status"]["containerStatuses"]
        state = next(status["state"] for status in states if status["name"] == container)
        reason = state.get("waiting", {}).get("reason", "ContainerCreating")
        raise LocalkubeError(_WAITS.format(container, pod_name, reason))
    prefixed = options.prefix or options.all_pods
    return Stream(pod, container, log, f"[pod/{pod_name}/{container}] " if prefixed else "")


def _chosen(options: argparse.Namespace, stream: Stream) -> list[str]:
    """Return the lines so far that the options choose."""
    # A line that is being written is shown now, unless it will be followed.
    lines = stream.log.added() if options.follow else stream.log.rest()
    earliest = options.since_time
    if options.since is not None:
        earliest = dt.datetime.now(dt.UTC) - dt.timedelta(seconds=options.since)
    if earliest is not None:
        lines = list(since(lines, earliest))
    tail = options.tail
    if tail is None:
        tail = TAIL_OF_MANY if options.selector else -1
    return lines if tail < 0 else lines[max(0, len(lines) - tail) :]
