"""`make logs` follows all pods in one stream, on localkube and with kubectl's verbs."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from eventually import PATIENCE_S
from integration.localkube.conftest import prepared
from integration.localkube.kit import Localkube, deployment
from suitectl.catalogue import namespaces_of_services, services
from suitectl.logs import kubernetes_lines as kubernetes_module
from suitectl.logs.kubernetes_lines import kubernetes_lines
from suitectl.logs.line import Line
from suitectl.platform.kubernetes import Kubernetes

NAME = next(iter(services()))
NAMESPACE = services()[NAME].namespace
NAMESPACES = tuple(dict.fromkeys((NAMESPACE, *namespaces_of_services().values())))[:2]
OTHER = NAMESPACES[-1]
"""Another namespace of the suite, where there are several."""


@pytest.fixture
def localkube(tmp_path: Path) -> Iterator[Localkube]:
    """Provide a pod labelled as a service, and another one, in the suite's namespaces."""
    kube = prepared(tmp_path)
    namespaces = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}} for name in NAMESPACES
    ]
    assert kube.up(*namespaces, one(NAME, NAMESPACE), one("store", OTHER)).code == 0
    yield kube
    kube.run("down", "--grace-period", "1")


def one(name: str, namespace: str, replicas: int = 1) -> dict[str, Any]:
    document = deployment(name, image="web:1", replicas=replicas)
    return {**document, "metadata": {"name": name, "namespace": namespace}}


@contextmanager
def logs(localkube: Localkube, *options: str) -> Iterator["subprocess.Popen[str]"]:
    """Run `suitectl logs` during the block."""
    with subprocess.Popen(
        [sys.executable, "-m", "suitectl", "logs", "--platform=localkube", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"LOCALKUBE_STATE": str(localkube.state)},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def records(process: "subprocess.Popen[str]", count: int) -> list[dict[str, Any]]:
    assert process.stdout is not None
    return [json.loads(text) for text in islice(process.stdout, count)]


def names(localkube: Localkube, namespace: str) -> set[str]:
    return {pod["metadata"]["name"] for pod in localkube.pods("-n", namespace)}


def test_pods_that_start_later_are_followed_and_those_that_end_are_survived(
    localkube: Localkube,
) -> None:
    before = names(localkube, NAMESPACE) | names(localkube, OTHER)
    with logs(localkube) as process:
        assert {record["pod"] for record in records(process, 2)} == before

        localkube.ok("scale", f"deployment/{NAME}", "--replicas=2", "-n", NAMESPACE)
        (started,) = records(process, 1)
        localkube.ok("delete", "deployment", "store", "-n", OTHER)
        (ended,) = records(process, 1)
        localkube.ok("scale", f"deployment/{NAME}", "--replicas=3", "-n", NAMESPACE)
        (third,) = records(process, 1)

        assert {started["pod"], third["pod"]} == names(localkube, NAMESPACE) - before
        assert ended["message"] == "draining"
        assert (started["namespace"], ended["namespace"]) == (NAMESPACE, OTHER)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=PATIENCE_S) == 130
        assert process.stderr is not None
        assert process.stderr.read() == "logs: interrupted\n"


def test_a_service_is_chosen_by_its_name(localkube: Localkube) -> None:
    with logs(localkube, f"--service={NAME}") as process:
        assert records(process, 1)[0]["pod"] in names(localkube, NAMESPACE)
        localkube.ok("delete", "deployment", "store", "-n", OTHER)
        localkube.ok("delete", "deployment", NAME, "-n", NAMESPACE)
        assert records(process, 1)[0]["namespace"] == NAMESPACE


def test_a_reader_that_leaves_ends_it_though_no_line_comes(localkube: Localkube) -> None:
    with logs(localkube) as process:
        records(process, 2)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.wait(timeout=PATIENCE_S) == 0
        assert process.stderr.read() == ""


def test_a_localkube_that_ends_is_one_line(localkube: Localkube) -> None:
    with logs(localkube) as process:
        records(process, 2)
        localkube.ok("down")
        _, error = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, error) == (1, "logs: localkube is going down\n")


def test_no_localkube_is_one_line(tmp_path: Path) -> None:
    with logs(Localkube(tmp_path)) as process:
        _, error = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert error.startswith("logs: no localkube runs here")
    assert error.count("\n") == 1


@pytest.mark.anyio
async def test_a_cluster_is_followed_by_kubectls_verbs(localkube: Localkube) -> None:
    platform = Kubernetes(localkube.command())
    places = [("-n", name) for name in NAMESPACES]
    lines = kubernetes_lines(platform, places, 10)
    first = [await anext(lines), await anext(lines)]

    localkube.ok("scale", f"deployment/{NAME}", "--replicas=2", "-n", NAMESPACE)
    later = await anext(lines)
    localkube.ok("delete", "deployment", "store", "-n", OTHER)
    last = await anext(lines)
    await close(lines)

    assert {line.pod.namespace for line in first} == {NAMESPACE, OTHER}
    assert later.pod.name not in {line.pod.name for line in first}
    assert later.record["message"] == f"listening {later.pod.name}"
    assert (last.pod.namespace, last.record["message"]) == (OTHER, "draining")


@pytest.mark.anyio
@pytest.mark.bound("operator-logs")
@pytest.mark.skipif(OTHER == NAMESPACE, reason="the pod beside it is in the same namespace")
async def test_containers_beyond_the_bound_are_named(
    localkube: Localkube, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(kubernetes_module, "STREAMS", 1)
    localkube.ok("scale", f"deployment/{NAME}", "--replicas=2", "-n", NAMESPACE)
    localkube.ok("rollout", "status", f"deployment/{NAME}", "-n", NAMESPACE)
    lines = kubernetes_lines(Kubernetes(localkube.command()), [("-n", NAMESPACE)], 10)
    followed = (await anext(lines)).pod.name
    await close(lines)

    (other,) = names(localkube, NAMESPACE) - {followed}
    notice = f"logs: {other} is not followed: 1 containers are; name a SERVICE\n"
    assert capsys.readouterr().err == notice


async def close(lines: AsyncIterator[Line]) -> None:
    await lines.aclose()  # type: ignore[attr-defined]  # an async generator
