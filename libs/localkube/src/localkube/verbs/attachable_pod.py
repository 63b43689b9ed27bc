"""The pod that `exec` and `port-forward` mean: a pod itself, or a ready one of what selects it."""

import argparse
import time
from typing import Any

from localkube.api.objects import is_ready
from localkube.control.client import Client
from localkube.errors import LocalkubeError, UsageError
from localkube.verbs.resource_arguments import parse_resource


def owner_and_pod(options: argparse.Namespace, client: Client, word: str) -> tuple[Any, Any]:
    """Read `POD` or `TYPE/NAME`; return the object and its pod; raise `LocalkubeError`."""
    kind, name = parse_resource([word] if "/" in word else ["pod", word])
    if kind.name not in {"Pod", "Service", "Deployment"}:
        reason = f"cannot attach to a {kind.name}; name a pod, service or deployment"
        raise UsageError(reason)
    owner = client.get(kind.name, options.namespace, name)
    return owner, _pod(options, client, owner)


def _pod(options: argparse.Namespace, client: Client, owner: Any) -> Any:
    """Return the pod itself, or wait for a ready one of what selects it."""
    if owner["kind"] == "Pod":
        return owner
    selector = owner["spec"].get("selector", {})
    selector = selector.get("matchLabels", selector)
    if not selector:
        reason = "cannot attach to a Service without a selector"
        raise LocalkubeError(f"{reason}: {owner['metadata']['name']}")
    deadline = time.monotonic() + options.pod_running_timeout
    with client.watch(["Pod"], options.namespace, selector=selector) as changes:
        pods = changes.existing()
        if ready := [pod for pod in pods if is_ready(pod)]:
            return ready[0]
        try:
            for change in changes.until(deadline):
                if is_ready(change["object"]):
                    return change["object"]
        except TimeoutError:
            raise LocalkubeError("timed out waiting for the condition") from None
    raise AssertionError
