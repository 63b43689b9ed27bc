"""`up` and `down`: start a localkube and wait until it is available, or stop it."""

import argparse
import contextlib
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from localkube.api import admission, manifests
from localkube.api.objects import DIRECTORY, Ref, ref_of
from localkube.control.client import Client
from localkube.errors import LocalkubeError
from localkube.images import Images
from localkube.progress import step
from localkube.terminal import print_not_applied, print_progress
from localkube.verbs.generated_secrets import generated
from localkube.verbs.get import print_overview
from localkube.verbs.start import keep, started
from localkube.verbs.watch import watch, watch_at_prompt

CRASHES = 3
"""Restarts of one container after which `up` gives up."""
LAST_LINES = 15
DOWN_S = 60.0


def up(options: argparse.Namespace, client: Client) -> int:
    """Start the manifests of a directory and wait until every Deployment is available."""
    with contextlib.ExitStack() as stack:
        with step("starting", quiet=True):
            daemon = _started(options, client, stack)
        print_overview(client)
        if options.foreground:
            print_progress("running; press Ctrl-C to stop")
            if options.watch:
                watch(options, client)
            return daemon.wait()
        keep(daemon)
    if options.watch:
        watch_at_prompt(client.state)
    return 0


def _started(
    options: argparse.Namespace, client: Client, stack: contextlib.ExitStack
) -> "subprocess.Popen[bytes]":
    """Return the engine's process, which ends with the stack, once all is available."""
    documents = manifests.read(options.directory)
    config = Path(options.config or _config_beside(options.directory)).absolute()
    documents += generated(documents, _checked(documents, config))
    daemon = stack.enter_context(started(client, config, options.addresses, watch=options.watch))
    result = client.call("apply", manifests=documents, namespace="default")
    print_not_applied(result)
    with step("waiting for Deployments") as say:
        _wait(client, options.timeout, say)
    return daemon


def down(options: argparse.Namespace, client: Client) -> int:
    """Stop a running localkube and all its processes."""
    with step("stopping", quiet=True):
        client.call("stop", item=options.grace_period)
        if not client.state.wait_until_free(DOWN_S):
            raise LocalkubeError(f"localkube does not stop; see {client.state.log}")
    print_progress("stopped; nothing is left running")
    return 0


def _config_beside(directory: str) -> Path:
    places = (Path(directory), Path(directory).parent, Path("k8s"))
    files = [place / "localkube.yaml" for place in places]
    return next((file for file in files if file.exists()), files[1])


def _checked(documents: list[manifests.Manifest], config: Path) -> Images:
    """Check the manifests before anything starts; return the commands of images."""
    images = Images.load(config)
    for source, document in documents:
        admission.admit(document, source, "default")
    return images


def _wait(client: Client, seconds: float, say: Callable[[str], None]) -> None:
    deadline = time.monotonic() + seconds
    found: dict[Ref, Any] = {}
    waiting: list[str] = []
    with client.watch(["Deployment", "Pod", "Event"]) as changes:
        _apply(found, [{"type": "ADDED", "object": one} for one in changes.existing()])
        while still := _not_available(_of_kind(found, "Deployment")):
            say(", ".join(still))
            waiting = still
            _fail_early(found)
            if time.monotonic() > deadline:
                reason = _why(_of_kind(found, "Pod"), waiting)
                raise LocalkubeError(f"not available after {seconds:g} s: {reason}")
            _apply(found, changes.arrived(deadline - time.monotonic()))


def _apply(found: dict[Ref, Any], changes: Sequence[Any]) -> None:
    for change in changes:
        if change["type"] == "DELETED":
            found.pop(ref_of(change["object"]), None)
        else:
            found[ref_of(change["object"])] = change["object"]


def _of_kind(found: dict[Ref, Any], kind: str) -> list[Any]:
    return [document for ref, document in found.items() if ref.kind == kind]


def _not_available(deployments: Sequence[Any]) -> list[str]:
    waiting = []
    for deployment in deployments:
        wanted, status = deployment["spec"].get("replicas", 1), deployment.get("status", {})
        available = status.get("availableReplicas", 0)
        if min(available, status.get("updatedReplicas", 0)) < wanted:
            waiting.append(f"{deployment['metadata']['name']} {available}/{wanted}")
    return waiting


def _why(pods: Sequence[Any], waiting: list[str]) -> str:
    conditions = [c for pod in pods for c in pod["status"]["conditions"]]
    messages = dict.fromkeys(c["message"] for c in conditions if "message" in c)
    return "; ".join([", ".join(waiting), *messages])


def _fail_early(found: dict[Ref, Any]) -> None:
    for event in _of_kind(found, "Event"):
        if event["reason"] in {"FailedMount", "CreateContainerConfigError"}:
            raise LocalkubeError(f"Pod {event['involvedObject']['name']}: {event['message']}")
    for pod in _of_kind(found, "Pod"):
        for status in pod["status"]["containerStatuses"]:
            if status["restartCount"] >= CRASHES and not status["ready"]:
                raise LocalkubeError(_crash(pod, status))


def _crash(pod: Any, status: Any) -> str:
    """Print a container's last lines, and return how it ended."""
    directory = Path(pod["metadata"]["annotations"][DIRECTORY]) / "logs"
    text = ""
    for name in (f"{status['name']}.log", f"{status['name']}.previous.log"):
        with contextlib.suppress(OSError):
            text = text or (directory / name).read_text(errors="replace").strip()
    print_progress("\n".join(["", *text.splitlines()[-LAST_LINES:]]))
    ended = status["lastState"].get("terminated", {})
    code, detail = ended.get("exitCode", "?"), ended.get("message", "see its last lines above")
    return f"{ref_of(pod)}: container {status['name']} crashes (exit code {code}): {detail}"
