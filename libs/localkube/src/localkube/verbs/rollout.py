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
PERIOD_S = 0.05


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
    deadline, name = time.monotonic() + seconds, place["name"]
    while waiting := _unfinished(client.get(**place)):
        if time.monotonic() > deadline:
            raise LocalkubeError(f"deployment {name}: {waiting}; gave up after the timeout")
        time.sleep(PERIOD_S)
    print_result(f'deployment "{name}" successfully rolled out')


def _restart(client: Client, place: dict[str, str]) -> None:
    # In microseconds, so that two restarts in one second differ.
    annotation = {RESTARTED: dt.datetime.now(dt.UTC).isoformat()}
    body = {"spec": {"template": {"metadata": {"annotations": annotation}}}}
    client.call("patch", **place, how="merge", patch=body)
    print_result(f"deployment.apps/{place['name']} restarted")


def _unfinished(deployment: Any) -> str:
    wanted, status = deployment["spec"].get("replicas", 1), deployment.get("status", {})
    if status.get("observedGeneration") != deployment["metadata"]["generation"]:
        return "the change is not observed yet"
    updated, available = status["updatedReplicas"], status["availableReplicas"]
    if updated < wanted:
        return f"{updated} of {wanted} replicas updated"
    if status["replicas"] > updated:
        return f"{status['replicas'] - updated} old replicas pending termination"
    return f"{available} of {wanted} updated replicas available" if available < wanted else ""
