"""`rollout status|restart`: follow a Deployment's rollout, or start one."""

import argparse
import datetime as dt
import time
from typing import Any

from localkube.control.client import Client
from localkube.errors import LocalkubeError, UsageError
from localkube.terminal import print_result
from localkube.verbs.resource_arguments import parse_reference

RESTARTED = "kubectl.kubernetes.io/restartedAt"


def rollout(options: argparse.Namespace, client: Client) -> int:
    """Run a rollout verb for one Deployment."""
    place = parse_reference(options)
    if place["kind"] != "Deployment":
        raise UsageError("name a deployment: rollout status deployment/NAME")
    if options.action == "restart":
        _restart(client, place)
    else:
        _status(client, place, options.timeout)
    return 0


def _status(client: Client, place: dict[str, str], seconds: float) -> None:
    deadline, name = (time.monotonic() + seconds if seconds else None), place["name"]
    client.get(**place)  # raises where it does not exist
    with client.watch([place["kind"]], place["namespace"], names=[name]) as changes:
        try:
            for change in changes.until(deadline):
                if change["type"] == "DELETED":
                    raise LocalkubeError("object has been deleted")
                if _is_done(change["object"]):
                    return
        except TimeoutError:
            raise LocalkubeError("timed out waiting for the condition") from None


def _is_done(deployment: Any) -> bool:
    """Print how far a rollout is, in kubectl's words; say whether it is done."""
    name, waiting = deployment["metadata"]["name"], _unfinished(deployment)
    rollout = f'Waiting for deployment "{name}" rollout to finish: {waiting}...'
    if waiting:
        print_result(waiting if waiting.startswith("Waiting") else rollout)
    else:
        print_result(f'deployment "{name}" successfully rolled out')
    return not waiting


def _restart(client: Client, place: dict[str, str]) -> None:
    # In microseconds, so that two restarts in one second differ.
    annotation = {RESTARTED: dt.datetime.now(dt.UTC).isoformat()}
    body = {"spec": {"template": {"metadata": {"annotations": annotation}}}}
    client.call("patch", **place, how="merge", patch=body)
    print_result(f"deployment.apps/{place['name']} restarted")


def _unfinished(deployment: Any) -> str:
    wanted, status = deployment["spec"].get("replicas", 1), deployment.get("status", {})
    if status.get("observedGeneration") != deployment["metadata"]["generation"]:
        return "Waiting for deployment spec update to be observed..."
    updated, available = status["updatedReplicas"], status["availableReplicas"]
    if updated < wanted:
        return f"{updated} out of {wanted} new replicas have been updated"
    if status["replicas"] > updated:
        return f"{status['replicas'] - updated} old replicas are pending termination"
    if available < updated:
        return f"{available} of {updated} updated replicas are available"
    return ""
