"""What localkube's own process takes at rest, beside its pods."""

import copy
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml

from bench.accounting import cpu_seconds
from bench.peers import probed_pod
from bench.row import bounded
from bench.stack import SERVICE, Stack
from localkube.control.client import Client
from localkube.control.state_directory import state_of
from localkube.verbs.start import started
from suitectl.catalogue import services

PODS = 12
LIMIT_PERCENT = 1.0
SETTLED_S, WINDOW_S = 5.0, 20.0
READY_S = 60.0
_POD = Path(probed_pod.__file__)
_NAME = "probed"
_PORT = "management"


def _measure(stack: Stack, runs: int) -> list[float]:
    with _localkube(stack) as pid:
        time.sleep(SETTLED_S)
        return [_percent(pid) for _ in range(runs)]


def _percent(pid: int) -> float:
    """Return the percentage of a core that a process takes, its children not counted."""
    before, began = cpu_seconds(pid), time.monotonic()
    time.sleep(WINDOW_S)
    after, took = cpu_seconds(pid), time.monotonic() - began
    if before is None or after is None:
        raise RuntimeError("localkube has ended")
    return (after - before) / took * 100


@contextmanager
def _localkube(stack: Stack) -> Iterator[int]:
    """Run a localkube with the pods and their reload during the block; yield its process."""
    with tempfile.TemporaryDirectory(dir=stack.directory) as directory:
        place = Path(directory)
        config, client = _images(place), Client(state_of(str(place / "state")))
        with started(client, config, None, watch=True) as daemon:
            manifests = [("bench", _deployment())]
            client.call("apply", manifests=manifests, namespace="default")
            _await_available(client)
            yield daemon.pid


def _images(place: Path) -> Path:
    pod = [sys.executable, "-I", str(_POD), "{ip}", f"{{port:{_PORT}}}"]
    config = place / "localkube.yaml"
    sources = [str(Path(__file__).parent)]
    config.write_text(yaml.safe_dump({"images": {_NAME: {"command": pod, "sources": sources}}}))
    return config


def _deployment() -> Mapping[str, Any]:
    """Return a Deployment of the pods, with the probes of the measured service's manifest."""
    original = next(services()[SERVICE].of("Deployment"))["spec"]["template"]["spec"]
    original = original["containers"][0]
    probes = {key: value for key, value in original.items() if key.endswith("Probe")}
    ports = [port for port in original["ports"] if port["name"] == _PORT]
    container = {"name": _NAME, "image": _NAME, "ports": ports, **copy.deepcopy(probes)}
    labels = {"app": _NAME}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [container]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": _NAME},
        "spec": {"replicas": PODS, "selector": {"matchLabels": labels}, "template": template},
    }


def _await_available(client: Client) -> None:
    deadline = time.monotonic() + READY_S
    while time.monotonic() < deadline:
        (deployment,) = client.list("Deployment", "default")
        if deployment["status"].get("availableReplicas") == PODS:
            return
        time.sleep(0.1)
    raise TimeoutError(f"{PODS} pods are not available after {READY_S:g} s")


ROWS = (
    bounded(
        f"localkube at rest, {PODS} pods, CPU of its own process",
        LIMIT_PERCENT,
        "%",
        _measure,
        needs=("CPU accounting",),
    ),
)
