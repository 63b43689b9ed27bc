"""A Deployment under a debugger: the patches that begin and end it.

One replica, for another would serve the request that is waited for. No probe ends a process that
is stopped at a breakpoint, or takes its requests away: it was ready once, and stays so. What was
there before is in an annotation, so that it comes back even where the command was killed.
"""

import json
from typing import Any

from localkube.api.objects import DEBUG

BEFORE = "suite/before-debug"
PORT_NAME, PORT = "debug", 5678
_ALWAYS = 1_000_000
"""Failures of a readiness probe that no pause reaches."""
_GRACE_S = 1
"""Seconds between SIGTERM and SIGKILL: a stopped process reacts to no signal but the last."""

Object = dict[str, Any]


def begun(deployment: Object) -> Object:
    """Return the merge patch that runs a Deployment's only replica under the debugger."""
    spec = deployment["spec"]["template"]["spec"]
    first, *others = spec["containers"]
    container = {k: v for k, v in first.items() if k not in {"startupProbe", "livenessProbe"}}
    ports = [port for port in first.get("ports", []) if port.get("name") != PORT_NAME]
    container["ports"] = [*ports, {"name": PORT_NAME, "containerPort": PORT}]
    if probe := container.get("readinessProbe"):
        container["readinessProbe"] = {**probe, "failureThreshold": _ALWAYS}
    pod = {"containers": [container, *others], "terminationGracePeriodSeconds": _GRACE_S}
    template = {"metadata": {"annotations": {DEBUG: "true"}}, "spec": pod}
    return {"metadata": _remembered(deployment), "spec": {"replicas": 1, "template": template}}


def set_aside(deployment: Object) -> Object:
    """Return the merge patch that ends the replicas of a Deployment that is not debugged."""
    return {"metadata": _remembered(deployment), "spec": {"replicas": 0}}


def ended(deployment: Object) -> Object | None:
    """Return the merge patch back to what was before, None where nothing was changed."""
    text = (deployment["metadata"].get("annotations") or {}).get(BEFORE)
    if text is None:
        return None
    before = json.loads(text)
    grace = before["terminationGracePeriodSeconds"]
    pod = {"containers": before["containers"], "terminationGracePeriodSeconds": grace}
    annotations = {DEBUG: None} if before["annotated"] else None
    template = {"metadata": {"annotations": annotations}, "spec": pod}
    spec = {"replicas": before["replicas"], "template": template}
    return {"metadata": {"annotations": {BEFORE: None}}, "spec": spec}


def _remembered(deployment: Object) -> Object:
    """Return the annotation of what was before: of the first time, where it never came back."""
    annotations = deployment["metadata"].get("annotations") or {}
    spec = deployment["spec"]
    pod = spec["template"]["spec"]
    before = {
        "replicas": spec.get("replicas", 1),
        "annotated": bool(spec["template"]["metadata"].get("annotations")),
        "containers": pod["containers"],
        "terminationGracePeriodSeconds": pod.get("terminationGracePeriodSeconds"),
    }
    return {"annotations": {BEFORE: annotations.get(BEFORE) or json.dumps(before)}}
