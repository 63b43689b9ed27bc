"""`rollout status|restart|undo|history`: follow and steer a Deployment's rollouts."""

import argparse
import time
from typing import Any

from localkube.client import Client
from localkube.errors import LocalkubeError, NotFoundError, UsageError
from localkube.names import named
from localkube.objects import REVISION, TEMPLATE_HASH, timestamp
from localkube.tables import render
from localkube.terminal import show

RESTARTED = "kubectl.kubernetes.io/restartedAt"
EVERY_S = 0.05


def rollout(options: argparse.Namespace, client: Client) -> int:
    """Run a rollout verb for each Deployment named."""
    for entry in named(options.what):
        if entry.kind.name != "Deployment" or not entry.names:
            raise UsageError("name a deployment: rollout status deployment/NAME")
        for name in entry.names:
            _VERBS[options.action](options, client, name)
    return 0


def _status(options: argparse.Namespace, client: Client, name: str) -> None:
    deadline = time.monotonic() + options.timeout
    while (waiting := _unfinished(client.get("Deployment", options.namespace, name))) is not None:
        if time.monotonic() > deadline:
            raise LocalkubeError(f"deployment {name}: {waiting}; gave up after the timeout")
        time.sleep(EVERY_S)
    show(f'deployment "{name}" successfully rolled out')


def _restart(options: argparse.Namespace, client: Client, name: str) -> None:
    # To the microsecond, so that two restarts within a second are two.
    mark = {RESTARTED: f"{timestamp()[:-1]}.{time.time_ns() // 1000 % 1_000_000:06d}Z"}
    body = {"spec": {"template": {"metadata": {"annotations": mark}}}}
    _patch(options, client, name, "merge", body)
    show(f"deployment.apps/{name} restarted")


def _undo(options: argparse.Namespace, client: Client, name: str) -> None:
    revisions = _revisions(options, client, name)
    earlier = sorted(revisions)[:-1]
    wanted = options.to_revision or (earlier[-1] if earlier else 0)
    if wanted not in revisions:
        known = ", ".join(map(str, sorted(revisions)))
        raise NotFoundError(f"deployment {name}: no revision {wanted or 'before'}; it has {known}")
    template = revisions[wanted]["spec"]["template"]
    labels = {k: v for k, v in template["metadata"]["labels"].items() if k != TEMPLATE_HASH}
    template = {**template, "metadata": {**template["metadata"], "labels": labels}}
    operation = {"op": "replace", "path": "/spec/template", "value": template}
    _patch(options, client, name, "json", [operation])
    show(f"deployment.apps/{name} rolled back")


def _history(options: argparse.Namespace, client: Client, name: str) -> None:
    rows = [
        [str(revision), ",".join(c["image"] for c in s["spec"]["template"]["spec"]["containers"])]
        for revision, s in sorted(_revisions(options, client, name).items())
    ]
    show(f"deployment.apps/{name}\n{render(['REVISION', 'IMAGES'], rows)}")


def _revisions(options: argparse.Namespace, client: Client, name: str) -> dict[int, Any]:
    uid = client.get("Deployment", options.namespace, name)["metadata"]["uid"]
    return {
        int(s["metadata"]["annotations"][REVISION]): s
        for s in client.list("ReplicaSet", options.namespace)
        if s["metadata"]["ownerReferences"][0]["uid"] == uid
    }


def _unfinished(deployment: Any) -> str | None:
    wanted, status = deployment["spec"].get("replicas", 1), deployment.get("status") or {}
    if status.get("observedGeneration") != deployment["metadata"]["generation"]:
        return "the change is not seen yet"
    if any(c.get("reason") == "ProgressDeadlineExceeded" for c in status["conditions"]):
        name = deployment["metadata"]["name"]
        raise LocalkubeError(f'deployment "{name}" exceeded its progress deadline')
    if status["updatedReplicas"] < wanted:
        return f"{status['updatedReplicas']} of {wanted} replicas updated"
    if status["replicas"] > status["updatedReplicas"]:
        return f"{status['replicas'] - status['updatedReplicas']} old replicas pending termination"
    if status["availableReplicas"] < wanted:
        return f"{status['availableReplicas']} of {wanted} updated replicas available"
    return None


def _patch(options: argparse.Namespace, client: Client, name: str, how: str, body: Any) -> None:
    place = {"kind": "Deployment", "namespace": options.namespace, "name": name}
    client.call("patch", **place, how=how, patch=body)


_VERBS = {"status": _status, "restart": _restart, "undo": _undo, "history": _history}
