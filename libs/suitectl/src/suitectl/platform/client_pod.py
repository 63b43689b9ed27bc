"""A pod inside the cluster to send requests from: Services have no address outside.

It runs the image of cas-server, which is there already and has Python and httpx, in a namespace
that the network policies let in (`suite/client: "true"`). It ends by itself after two hours. Its
node is one that cluster DNS is on: of the nodes that may be lost without losing names, none
carries it.
"""

import json
from pathlib import Path
from typing import Any

from suitectl.catalogue import token_service
from suitectl.errors import CommandFailedError
from suitectl.platform.platform import Platform

NAMESPACE = "suite-client"
POD = "client"
_MANIFEST = Path(__file__).with_name("client_pod.json")
_STARTED_WITHIN = "60s"


async def client_pod(platform: Platform, namespace: str = NAMESPACE) -> str:
    """Make sure that the client pod runs, with the image cas-server runs now; return its name.

    In another namespace than its own it is a stranger: nothing there is labelled as a client's.
    """
    image = await _image(platform)
    if not await _running(platform, namespace, image):
        wanted = _manifest(image, namespace)
        await platform.run("apply", "-f", "-", stdin=json.dumps(wanted["namespace"]))
        await _replace(platform, wanted["pod"])
    ready = ("wait", "--for=condition=Ready", f"pod/{POD}", "-n", namespace)
    await platform.run(*ready, f"--timeout={_STARTED_WITHIN}")
    return POD


async def remove_client_pod(platform: Platform, namespace: str) -> None:
    """Delete the client pod's namespace."""
    await platform.run("delete", "namespace", namespace, "--ignore-not-found", timeout=120)


async def _image(platform: Platform) -> str:
    service = token_service()
    (name,) = service.deployments.values()
    found = await platform.object("deployment", name, service.namespace)
    return str(found["spec"]["template"]["spec"]["containers"][0]["image"])


async def _running(platform: Platform, namespace: str, image: str) -> bool:
    try:
        pod = await platform.object("pod", POD, namespace)
    except CommandFailedError:
        return False
    same = pod["spec"]["containers"][0]["image"] == image
    running = pod["status"]["phase"] == "Running" and "deletionTimestamp" not in pod["metadata"]
    return bool(same and running)


async def _replace(platform: Platform, pod: dict[str, Any]) -> None:
    where = ("-n", pod["metadata"]["namespace"], "--ignore-not-found")
    await platform.run("delete", "pod", POD, *where, "--grace-period=1")
    await platform.run("apply", "-f", "-", stdin=json.dumps(pod))


def _manifest(image: str, namespace: str) -> dict[str, Any]:
    wanted: dict[str, Any] = json.loads(_MANIFEST.read_text())
    wanted["pod"]["spec"]["containers"][0]["image"] = image
    if namespace != NAMESPACE:
        wanted["namespace"]["metadata"]["name"] = namespace
        wanted["pod"]["metadata"]["namespace"] = namespace
        del wanted["namespace"]["metadata"]["labels"]["suite/client"]
    return wanted
