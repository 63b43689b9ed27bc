"""Tables as kubectl prints them."""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from localkube.api.kinds import Kind
from localkube.api.objects import labels_of
from localkube.verbs.columns import Cells, Columns

_MINUTE_S, _HOUR_S, _DAY_S = 60, 3600, 86400
_AGES = (
    (2 * _MINUTE_S, 1, "s", 0, ""),
    (10 * _MINUTE_S, _MINUTE_S, "m", 1, "s"),
    (3 * _HOUR_S, _MINUTE_S, "m", 0, ""),
    (8 * _HOUR_S, _HOUR_S, "h", _MINUTE_S, "m"),
    (2 * _DAY_S, _HOUR_S, "h", 0, ""),
    (8 * _DAY_S, _DAY_S, "d", _HOUR_S, "h"),
)
"""Below a limit: the unit's length and letter, and those of the smaller unit that follows."""


def table(
    kind: Kind, documents: Sequence[Any], *, everywhere: bool = False, wide: bool = False
) -> str:
    """Format objects of a kind in columns."""
    rows = [row_of(kind, one, everywhere=everywhere, wide=wide) for one in documents]
    return "\n".join(Columns().lines(rows))


def row_of(
    kind: Kind, document: Any, *, everywhere: bool = False, wide: bool = False, labels: bool = False
) -> Cells:
    """Return an object's row, with its namespace, more columns, or its labels."""
    row = _row(kind.name, document, namespaces=everywhere and kind.namespaced, wide=wide)
    if labels:
        pairs = labels_of(document).items()
        row["LABELS"] = ",".join(f"{name}={value}" for name, value in sorted(pairs)) or "<none>"
    return row


def age(timestamp: str) -> str:
    """Return the age of a timestamp in kubectl's form: 45s, 3m20s, 45m, 5h10m, 2d."""
    then = dt.datetime.fromisoformat(timestamp)
    seconds = max(0, int((dt.datetime.now(dt.UTC) - then).total_seconds()))
    for limit, length, unit, smaller, part in _AGES:
        if seconds < limit:
            rest = seconds % length // smaller if smaller else 0
            return f"{seconds // length}{unit}" + (f"{rest}{part}" if rest else "")
    return f"{seconds // _DAY_S}d"


def _row(kind: str, document: Any, *, namespaces: bool, wide: bool) -> Cells:
    metadata = document["metadata"]
    place = {"NAMESPACE": metadata["namespace"]} if namespaces else {}
    if kind == "Event":
        return place | _event(document)
    middle = _COLUMNS[kind](document) if kind in _COLUMNS else {}
    row = place | {"NAME": metadata["name"]} | middle
    row["AGE"] = age(metadata["creationTimestamp"])
    return row | _pod_wide(document) if wide and kind == "Pod" else row


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
    """Return the resident memory of a pod's processes, where /proc exists."""
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


_COLUMNS: dict[str, Callable[[Any], Cells]] = {
    "Pod": _pod,
    "Deployment": _deployment,
    "Service": _service,
    "Endpoints": _endpoints,
    "ConfigMap": _data,
    "Secret": _data,
}
