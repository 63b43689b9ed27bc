"""A pod inside the cluster to send requests from: Services have no address outside.

It runs the image of rest-service, which is there already and has Python and httpx, in a namespace
that the network policies let in (`suite/client: "true"`). It ends by itself after an hour.
"""

import json
from pathlib import Path
from typing import Any

from suitectl.program import CommandFailedError, Program

NAMESPACE = "suite-client"
POD = "client"
_MANIFEST = Path(__file__).with_name("client_pod.json")
_STARTED_WITHIN = "60s"


async def client_pod(program: Program, *, node: str | None = None) -> str:
    """Make sure that the client pod runs, with the image rest-service runs now; return its name.

    `node` pins a new pod to a node.
    """
    image = await _image(program)
    wanted = _manifest(image, node)
    if not await _running(program, image):
        await program.run("apply", "-f", "-", stdin=json.dumps(wanted["namespace"]))
        await _replace(program, wanted["pod"])
    await program.run(
        "wait",
        "--for=condition=Ready",
        f"pod/{POD}",
        "-n",
        NAMESPACE,
        f"--timeout={_STARTED_WITHIN}",
    )
    return POD


async def remove_client_pod(program: Program) -> None:
    """Delete the client pod's namespace."""
    await program.run("delete", "namespace", NAMESPACE, "--ignore-not-found", timeout=120)


async def _image(program: Program) -> str:
    found = await program.object("deployment", "rest-service-deployment", "system-server")
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])


async def _running(program: Program, image: str) -> bool:
    try:
        pod = await program.object("pod", POD, NAMESPACE)
    except CommandFailedError:
        return False
    same = pod["spec"]["containers"][0]["image"] == image
    return (
        same and pod["status"]["phase"] == "Running" and "deletionTimestamp" not in pod["metadata"]
    )


async def _replace(program: Program, pod: dict[str, Any]) -> None:
    await program.run(
        "delete", "pod", POD, "-n", NAMESPACE, "--ignore-not-found", "--grace-period=1"
    )
    await program.run("apply", "-f", "-", stdin=json.dumps(pod))


def _manifest(image: str, node: str | None) -> dict[str, Any]:
    wanted: dict[str, Any] = json.loads(_MANIFEST.read_text())
    wanted["pod"]["spec"]["containers"][0]["image"] = image
    if node is not None:
        wanted["pod"]["spec"]["nodeSelector"] = {"kubernetes.io/hostname": node}
    return wanted
