"""Names are looked up through the API server: by Service, by pod, and without permission."""

import json
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import yaml

from story.scenarios.pressure import nothing_failed, pressure
from story.scenarios.scenario import Scenario
from story.settled import settled
from story.starts import ready_since
from suitectl.command_lines import verb
from suitectl.deploy import from_kustomization, kustomize
from suitectl.platform.http import Request
from suitectl.platform.kubernetes import Kubernetes
from suitectl.root import ROOT
from suitectl.story.cast import REST
from suitectl.story.suite import Suite, ready_pods
from suitectl.waiting import until

COMPONENT = ROOT / "k8s/components/discovery-rbac"
APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
PATCHED = (
    ("deployment", "rest-service-deployment", "system-server"),
    ("deployment", "diff-ns-service-v1-deployment", "ns-app"),
    ("deployment", "diff-ns-service-v2-deployment", "ns-app"),
    ("networkpolicy", "rest-service", "system-server"),
    ("networkpolicy", "diff-ns-service", "ns-app"),
)
CLUSTER_WIDE = "clusterrole,clusterrolebinding"
BINDING = "clusterrolebinding/suite-discovery"
CALLED = ("diff-ns-service", "ns-app", "v1")
"""The version that the Service selects."""
SCALED = "scale deployment/diff-ns-service-v1-deployment -n ns-app --replicas={}"
TURNS = 5
SEEN_WITHIN_S = 2.0
ROUNDED_S = 1.0
"""Kubernetes records the time when a pod became ready in whole seconds."""

Documents = Sequence[dict[str, Any]]


async def play(suite: Suite, cluster: Kubernetes) -> str:
    await settled(cluster)
    token = (await suite.user_token("alice"))["access_token"]
    async with _restored(cluster) as documents, pressure(suite) as tally:
        await _apply(cluster, documents, mode="SERVICE")
        await _read(suite, cluster, ["services"])
        responses = await _responses(suite, token, count=20)
        suite.reporter.reached("mode SERVICE: calls cross the namespaces", seen=responses.total())
        await _apply(cluster, documents, mode="POD")
        await _read(suite, cluster, ["endpointslices", "services"])
        turns = await _turns(suite, token)
        seen = await _scaled(suite, token)
        await suite.run(verb(SCALED.format(3)))
        await settled(cluster)
        unready = await _without_permission(suite, cluster, documents)
        count = nothing_failed(suite, tally)
    return f"{turns}; a new pod called {seen}; without permission {unready}; {count}"


async def _read(suite: Suite, cluster: Kubernetes, resources: list[str]) -> None:
    """Check in the log of each replica that it watches these resources of the API server."""
    for pod in await ready_pods(suite.platform, "rest-service", "system-server"):
        lines = (await cluster.run("logs", pod.name, "-n", pod.namespace)).splitlines()
        read = [json.loads(line) for line in lines if "read from the API server" in line]
        seen = sorted({line["resource"] for line in read})
        suite.reporter.check(
            f"{pod.name} follows the API server", holds=seen == resources, seen=seen
        )


async def _responses(
    suite: Suite, token: str, *, count: int, url: str | None = None
) -> Counter[str]:
    """Call diff-ns-service by its short name; return the number of responses of each pod."""
    url = url or await suite.platform.url(*REST)
    responses: Counter[str] = Counter()
    for _ in range(count):
        reply = await suite.http.send(Request("GET", f"{url}/api/detail/own", bearer=token))
        if not reply.ok:
            raise RuntimeError(f"no response by the short name: {reply.status} {reply.body}")
        responses[reply.json()["pod"]] += 1
    return responses


async def _turns(suite: Suite, token: str) -> str:
    """Check that each replica calls every ready pod despite keep-alive connections."""
    wanted = {pod.name for pod in await ready_pods(suite.platform, *CALLED)}
    for replica in await ready_pods(suite.platform, "rest-service", "system-server"):
        url = await suite.platform.pod_url(replica)
        responses = await _responses(suite, token, count=TURNS * len(wanted), url=url)
        suite.reporter.check(
            f"mode POD: {replica.name} calls all {len(wanted)} pods",
            holds=responses.keys() == wanted,
            seen=sorted(responses.values()),
        )
    return f"mode POD: all {len(wanted)} pods called"


async def _scaled(suite: Suite, token: str) -> str:
    """Add a pod; return the time from its readiness to its first call."""
    before = {pod.name for pod in await ready_pods(suite.platform, *CALLED)}
    await suite.run(verb(SCALED.format(4)))

    async def called() -> str | None:
        responses = await _responses(suite, token, count=1)
        return next((name for name in responses if name not in before), None)

    name = await until(called, what="the new pod to be called", seconds=60, every=0.01)
    now = time.time()
    pods = await ready_pods(suite.platform, *CALLED)
    since = ready_since(next(pod for pod in pods if pod.name == name))
    suite.reporter.check(
        f"{name} is called at most {SEEN_WITHIN_S:g} s after it is ready",
        holds=now - since < SEEN_WITHIN_S + ROUNDED_S,
        seen=f"{max(now - since - ROUNDED_S, 0):.1f} to {now - since:.1f} s",
    )
    return f"within {now - since:.1f} s of being ready"


async def _without_permission(suite: Suite, cluster: Kubernetes, documents: Documents) -> str:
    """Remove the permission: a new replica stays unready and logs why until it is restored."""
    service = ("rest-service", "system-server")
    before = {pod.name for pod in await ready_pods(suite.platform, *service)}
    await cluster.run("delete", BINDING)
    await cluster.run("rollout", "restart", "deployment/rest-service-deployment", "-n", REST[1])

    async def refused() -> str | None:
        for pod in await cluster.pods(REST[1], service[0]):
            if pod.name not in before and pod.ip and not pod.ready:
                log = await cluster.run("logs", pod.name, "-n", pod.namespace)
                if "cannot list resource" in log:
                    return pod.name
        return None

    name = await until(
        refused, what="a new replica to report the missing permission", seconds=60, every=0.5
    )
    ready = {pod.name for pod in await ready_pods(suite.platform, *service)}
    suite.reporter.check(f"{name} is not ready, the earlier replicas are", holds=ready == before)
    await _apply(cluster, documents, mode="POD")
    return "a new replica stays unready"


@asynccontextmanager
async def _restored(cluster: Kubernetes) -> AsyncIterator[Documents]:
    """Provide the documents that the component changes, and apply them again at the end."""
    found = [await cluster.object(*patched) for patched in PATCHED]
    documents = [json.loads(one["metadata"]["annotations"][APPLIED]) for one in found]
    try:
        yield documents
    finally:
        await cluster.run("apply", "-f", "-", stdin=yaml.safe_dump_all(documents))
        await cluster.run("delete", CLUSTER_WIDE, "suite-discovery", "--ignore-not-found")
        await settled(cluster)


async def _apply(cluster: Kubernetes, documents: Documents, *, mode: str) -> None:
    """Apply the component to the running suite with a mode, and wait for the rollout."""
    running = yaml.safe_dump_all(documents)
    rendered = await kustomize(cluster, _kustomization(mode), running=running)
    await cluster.run("apply", "-f", "-", stdin=rendered)
    await settled(cluster)


def _kustomization(mode: str) -> dict[str, Any]:
    variable = {"name": "SPRING__CLOUD__KUBERNETES__LOADBALANCER__MODE", "value": mode}
    path = "/spec/template/spec/containers/0/env/-"
    return {
        "resources": ["running.yaml"],
        "components": [from_kustomization(COMPONENT)],
        "patches": [
            {
                "target": {"kind": "Deployment"},
                "patch": yaml.safe_dump([{"op": "add", "path": path, "value": variable}]),
            }
        ],
    }


SCENARIO = Scenario(
    title="names looked up through the API server",
    must="short names work in modes SERVICE and POD; a new pod called within 2 s; 0 failed",
    play=play,
)
