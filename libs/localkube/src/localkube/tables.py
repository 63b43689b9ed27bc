"""Tables as kubectl prints them."""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Cells = dict[str, str]
"""A row: column titles and what stands in them."""


def table(
    kind: str, documents: Sequence[Any], *, namespaces: bool = False, wide: bool = False
) -> str:
    """Lay out objects of a kind in columns three spaces apart."""
    rows = [_row(kind, document, namespaces=namespaces, wide=wide) for document in documents]
    lines = [list(rows[0]), *(list(row.values()) for row in rows)] if rows else []
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    padded = (
        "   ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        for line in lines
    )
    return "\n".join(line.rstrip() for line in padded)


def age(timestamp: str) -> str:
    """Return how long ago something was, as kubectl does: 45s, 3m12s, 5h, 2d."""
    then = dt.datetime.fromisoformat(timestamp)
    seconds = max(0, int((dt.datetime.now(dt.UTC) - then).total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 120:  # noqa: PLR2004  # kubectl's steps
        return f"{seconds}s"
    if minutes < 10:  # noqa: PLR2004  # likewise
        return f"{minutes}m{seconds % 60}s"
    if hours < 3:  # noqa: PLR2004  # likewise
        return f"{minutes}m"
    return f"{hours}h" if days < 2 else f"{days}d"  # noqa: PLR2004  # likewise


def _row(kind: str, document: Any, *, namespaces: bool, wide: bool) -> Cells:
    metadata = document["metadata"]
    place = {"NAMESPACE": metadata["namespace"]} if namespaces else {}
    if kind == "Event":
        return place | _event(document)
    middle, more = _COLUMNS.get(kind, _nothing), _WIDE.get(kind, _nothing)
    row = place | {"NAME": metadata["name"]} | middle(document)
    row["AGE"] = age(metadata["creationTimestamp"])
    return row | more(document) if wide else row


def _pod(pod: Any) -> Cells:
    statuses = pod["status"]["containerStatuses"]
    return {
        "READY": f"{sum(status['ready'] for status in statuses)}/{len(statuses)}",
        "STATUS": _pod_status(pod),
        "RESTARTS": str(sum(status["restartCount"] for status in statuses)),
    }


def _pod_status(pod: Any) -> str:
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating"
    states = [status["state"] for status in pod["status"]["containerStatuses"]]
    reasons = [detail["reason"] for s in states for detail in s.values() if "reason" in detail]
    return str(reasons[0]) if reasons else "Running"


def _pod_wide(pod: Any) -> Cells:
    ports = [port for c in pod["spec"]["containers"] for port in c["ports"]]
    real = ",".join(str(port.get("hostPort", port["containerPort"])) for port in ports)
    return {"IP": pod["status"]["podIP"], "PORTS": real or "<none>", "MEMORY": _memory(pod)}


def _memory(pod: Any) -> str:
    """Return the resident memory of a pod's processes, where the system tells it."""
    sizes = []
    for status in pod["status"]["containerStatuses"]:
        pid = status.get("containerID", "").removeprefix("process://")
        try:
            fields = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
        except OSError:
            continue
        sizes += [int(line.split()[1]) for line in fields if line.startswith("VmRSS")]
    return f"{sum(sizes) / 1024:.0f}Mi" if sizes else "-"


def _deployment(deployment: Any) -> Cells:
    status, wanted = deployment.get("status", {}), deployment["spec"].get("replicas", 1)
    return {
        "READY": f"{status.get('readyReplicas', 0)}/{wanted}",
        "UP-TO-DATE": str(status.get("updatedReplicas", 0)),
        "AVAILABLE": str(status.get("availableReplicas", 0)),
    }


def _deployment_wide(deployment: Any) -> Cells:
    containers = deployment["spec"]["template"]["spec"]["containers"]
    return {
        "CONTAINERS": ",".join(c["name"] for c in containers),
        "IMAGES": ",".join(c["image"] for c in containers),
        "SELECTOR": _labels(deployment["spec"]["selector"]["matchLabels"]),
    }


def _labels(selector: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in selector.items()) or "<none>"


def _service(service: Any) -> Cells:
    spec, real = service["spec"], service.get("status", {}).get("addresses", {})
    ports = [_port(port, real.get(str(port["port"]), "")) for port in spec.get("ports", [])]
    return {
        "TYPE": spec["type"],
        "CLUSTER-IP": spec.get("clusterIP", "<none>"),
        "EXTERNAL-NAME": spec.get("externalName", "<none>"),
        "PORT(S)": ",".join(ports) or "<none>",
    }


def _port(port: Any, real: str) -> str:
    moved = real.rpartition(":")[2]
    shown = str(port["port"]) + (f"→{moved}" if moved not in {"", str(port["port"])} else "")
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{shown}{node}/TCP"


def _service_wide(service: Any) -> Cells:
    return {"SELECTOR": _labels(service["spec"].get("selector", {}))}


def _endpoints(endpoints: Any) -> Cells:
    pairs = (f"{s['addresses'][0]['ip']}:{s['ports'][0]['port']}" for s in endpoints["subsets"])
    return {"ENDPOINTS": ",".join(dict.fromkeys(pairs)) or "<none>"}


def _data(document: Any) -> Cells:
    return {"DATA": str(len(document.get("data", {})) + len(document.get("binaryData", {})))}


def _event(event: Any) -> Cells:
    involved = event["involvedObject"]
    return {
        "LAST SEEN": age(event["lastTimestamp"]),
        "TYPE": event["type"],
        "REASON": event["reason"],
        "OBJECT": f"{involved['kind'].lower()}/{involved['name']}",
        "MESSAGE": event["message"],
    }


def _nothing(document: Any) -> Cells:
    del document
    return {}


_COLUMNS: dict[str, Callable[[Any], Cells]] = {
    "Pod": _pod,
    "Deployment": _deployment,
    "Service": _service,
    "Endpoints": _endpoints,
    "ConfigMap": _data,
    "Secret": _data,
}
_WIDE = {"Pod": _pod_wide, "Deployment": _deployment_wide, "Service": _service_wide}
