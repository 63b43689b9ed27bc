"""Tables as kubectl prints them."""

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from localkube.objects import REVISION

Row = list[str]


def render(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """Lay out columns three spaces apart."""
    table = [list(columns), *rows]
    widths = [max(len(row[index]) for row in table) for index in range(len(columns))]
    lines = (
        "   ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)) for row in table
    )
    return "\n".join(line.rstrip() for line in lines)


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


def columns_of(kind: str, *, wide: bool) -> tuple[list[str], Callable[[Any], Row]]:
    """Return a kind's columns and what makes a row of an object."""
    narrow, row, more, more_row = _KINDS.get(kind, _PLAIN)
    if not wide:
        return narrow, row
    return [*narrow, *more], lambda document: [*row(document), *more_row(document)]


def _name(document: Any) -> str:
    return str(document["metadata"]["name"])


def _age(document: Any) -> str:
    return age(document["metadata"]["creationTimestamp"])


def _pod(pod: Any) -> Row:
    statuses = pod["status"]["containerStatuses"]
    ready = sum(status["ready"] for status in statuses)
    restarts = sum(status["restartCount"] for status in statuses)
    counted = f"{ready}/{len(statuses)}"
    return [_name(pod), counted, pod_status(pod), str(restarts), _age(pod)]


def pod_status(pod: Any) -> str:
    """Return the one word kubectl shows for a pod."""
    if "deletionTimestamp" in pod["metadata"]:
        return "Terminating"
    for status in pod["status"]["containerStatuses"]:
        for kind in ("waiting", "terminated"):
            if kind in status["state"]:
                return str(status["state"][kind]["reason"])
    return "Running"


def _pod_wide(pod: Any) -> Row:
    ports = [p for c in pod["spec"]["containers"] for p in c.get("ports") or []]
    real = ",".join(str(p.get("hostPort", p["containerPort"])) for p in ports)
    return [pod["status"]["podIP"], real or "<none>", memory(pod)]


def memory(pod: Any) -> str:
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


def _deployment(deployment: Any) -> Row:
    status, wanted = deployment.get("status") or {}, deployment["spec"].get("replicas", 1)
    counts = [str(status.get(key, 0)) for key in ("updatedReplicas", "availableReplicas")]
    ready = f"{status.get('readyReplicas', 0)}/{wanted}"
    return [_name(deployment), ready, *counts, _age(deployment)]


def _containers(owner: Any) -> Row:
    containers = owner["spec"]["template"]["spec"]["containers"]
    names = ",".join(c["name"] for c in containers)
    return [names, ",".join(c["image"] for c in containers), _labels(owner["spec"]["selector"])]


def _labels(selector: Any) -> str:
    pairs = selector.get("matchLabels", selector) or {}
    return ",".join(f"{key}={value}" for key, value in pairs.items()) or "<none>"


def _replica_set(replica_set: Any) -> Row:
    status = replica_set.get("status") or {}
    counts = [replica_set["spec"]["replicas"], status.get("replicas", 0)]
    revision = replica_set["metadata"]["annotations"][REVISION]
    ready = str(status.get("readyReplicas", 0))
    return [_name(replica_set), *map(str, counts), ready, revision, _age(replica_set)]


def _service(service: Any) -> Row:
    spec, real = service["spec"], service.get("status", {}).get("addresses", {})
    ports = [
        _service_port(port, real.get(str(port["port"]), "")) for port in spec.get("ports") or []
    ]
    outside = spec.get("externalName") or "<none>"
    kind, ip = spec.get("type", "ClusterIP"), spec.get("clusterIP", "<none>")
    return [_name(service), kind, ip, outside, ",".join(ports) or "<none>", _age(service)]


def _service_port(port: Any, real: str) -> str:
    moved = real.rpartition(":")[2]
    shown = str(port["port"]) + (f"→{moved}" if moved not in {"", str(port["port"])} else "")
    node = f":{port['nodePort']}" if port.get("nodePort") else ""
    return f"{shown}{node}/TCP"


def _endpoints(endpoints: Any) -> Row:
    pairs = (
        f"{address['ip']}:{port['port']}"
        for subset in endpoints["subsets"]
        for address in subset["addresses"]
        for port in subset["ports"]
    )
    return [_name(endpoints), ",".join(dict.fromkeys(pairs)) or "<none>", _age(endpoints)]


def _data(document: Any) -> Row:
    entries = len(document.get("data") or {}) + len(document.get("binaryData") or {})
    return [_name(document), str(entries), _age(document)]


def _event(event: Any) -> Row:
    involved = event["involvedObject"]
    subject = f"{involved['kind'].lower()}/{involved['name']}"
    return [age(event["lastTimestamp"]), event["type"], event["reason"], subject, event["message"]]


def _nothing(document: Any) -> Row:
    del document
    return []


_Columns = tuple[list[str], Callable[[Any], Row], list[str], Callable[[Any], Row]]
_PLAIN: _Columns = (["NAME", "AGE"], lambda o: [_name(o), _age(o)], [], _nothing)
_OWNER = ["CONTAINERS", "IMAGES", "SELECTOR"]
_KINDS: dict[str, _Columns] = {
    "Pod": (
        ["NAME", "READY", "STATUS", "RESTARTS", "AGE"],
        _pod,
        ["IP", "PORTS", "MEMORY"],
        _pod_wide,
    ),
    "Deployment": (
        ["NAME", "READY", "UP-TO-DATE", "AVAILABLE", "AGE"],
        _deployment,
        _OWNER,
        _containers,
    ),
    "ReplicaSet": (
        ["NAME", "DESIRED", "CURRENT", "READY", "REVISION", "AGE"],
        _replica_set,
        _OWNER,
        _containers,
    ),
    "Service": (
        ["NAME", "TYPE", "CLUSTER-IP", "EXTERNAL-NAME", "PORT(S)", "AGE"],
        _service,
        ["SELECTOR"],
        lambda service: [_labels(service["spec"].get("selector") or {})],
    ),
    "Endpoints": (["NAME", "ENDPOINTS", "AGE"], _endpoints, [], _nothing),
    "ConfigMap": (["NAME", "DATA", "AGE"], _data, [], _nothing),
    "Secret": (["NAME", "DATA", "AGE"], _data, [], _nothing),
    "Event": (["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"], _event, [], _nothing),
}
