"""Volumes for a cluster without dynamic provisioning: directories on its nodes."""

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import yaml

from suitectl.arguments import flag
from suitectl.platform.platform import Platform

CLASS = "suite-local"
NAMESPACE = "suite-volumes"
ROOT = "/var/lib/suite-volumes"
PER_NODE = 6
"""Enough for all of Redis and Sentinel on a single node."""
_MAKE = f"rm -rf /host/* && cd /host && for n in $(seq {PER_NODE}); do mkdir -p -m 0777 $n; done"
_EMPTY = "rm -rf /host/*"
_NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": NAMESPACE}}
_DEFAULT = {"storageclass.kubernetes.io/is-default-class": "true"}
_CLASS = {
    "apiVersion": "storage.k8s.io/v1",
    "kind": "StorageClass",
    "metadata": {"name": CLASS, "annotations": _DEFAULT},
    "provisioner": "kubernetes.io/no-provisioner",
    "volumeBindingMode": "WaitForFirstConsumer",
}
"""The default class, which binds a claim where its pod is scheduled."""


@asynccontextmanager
async def volumes(platform: Platform, image: str) -> AsyncIterator[None]:
    """Provide volumes for the claims of the suite, and delete them unless KEEP=1.

    `image` has a shell and is on the nodes. A cluster with a storage class is not changed.
    """
    classes = {found["metadata"]["name"] for found in await platform.objects("storageclasses")}
    if classes - {CLASS}:
        yield
        return
    found = await platform.objects("persistentvolumes")
    if any(one["status"]["phase"] == "Bound" for one in found if _ours(one)):
        yield  # of a suite that is still running
        return
    nodes = [node["metadata"]["name"] for node in await platform.objects("nodes")]
    # Volumes of an interrupted run, since a volume serves only one claim in its life.
    await _delete_volumes(platform)
    try:
        created = [_volume(node, n) for node in nodes for n in range(1, PER_NODE + 1)]
        await _apply(platform, [_NAMESPACE, _CLASS, *created])
        await _on_each(platform, nodes, image, _MAKE)
        yield
    finally:
        if not flag("KEEP", os.environ.get("KEEP")):
            await _delete_volumes(platform)
            await _on_each(platform, nodes, image, _EMPTY)
            await platform.run("delete", "storageclass", CLASS)
            await platform.run("delete", "namespace", NAMESPACE, timeout=120)


def _ours(volume: dict[str, Any]) -> bool:
    return bool(volume["metadata"].get("labels", {}).get("suite") == CLASS)


async def _delete_volumes(platform: Platform) -> None:
    await platform.run("delete", "persistentvolumes", "-l", f"suite={CLASS}", timeout=120)


async def _on_each(platform: Platform, nodes: Sequence[str], image: str, command: str) -> None:
    """Run a command in the directory of each node, which pods of the suite may not do."""
    pods = [_pod(node, image, command) for node in nodes]
    await _apply(platform, pods)
    names = [f"pod/{pod['metadata']['name']}" for pod in pods]
    done = ("--for=jsonpath={.status.phase}=Succeeded", "--timeout=120s")
    await platform.run("wait", *names, "-n", NAMESPACE, *done, timeout=130)
    await platform.run("delete", *names, "-n", NAMESPACE, "--grace-period=1")


async def _apply(platform: Platform, documents: Sequence[dict[str, Any]]) -> None:
    await asyncio.shield(platform.run("apply", "-f", "-", stdin=yaml.safe_dump_all(documents)))


def _volume(node: str, number: int) -> dict[str, Any]:
    here = {"key": "kubernetes.io/hostname", "operator": "In", "values": [node]}
    return {
        "apiVersion": "v1",
        "kind": "PersistentVolume",
        "metadata": {"name": f"{CLASS}-{node}-{number}", "labels": {"suite": CLASS}},
        "spec": {
            "capacity": {"storage": "2Gi"},
            "accessModes": ["ReadWriteOnce"],
            "persistentVolumeReclaimPolicy": "Retain",
            "storageClassName": CLASS,
            "local": {"path": f"{ROOT}/{node}/{number}"},
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        },
    }


def _pod(node: str, image: str, command: str) -> dict[str, Any]:
    directory = {"path": f"{ROOT}/{node}", "type": "DirectoryOrCreate"}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": node, "namespace": NAMESPACE},
        "spec": {
            "nodeName": node,
            "restartPolicy": "Never",
            "containers": [
                {
                    "name": "directories",
                    "image": image,
                    "imagePullPolicy": "IfNotPresent",
                    "command": ["sh", "-c", command],
                    "volumeMounts": [{"name": "host", "mountPath": "/host"}],
                }
            ],
            "volumes": [{"name": "host", "hostPath": directory}],
        },
    }
