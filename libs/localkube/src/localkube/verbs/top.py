"""`top pods`: the CPU and memory that pods use."""

import argparse
import math
from typing import Any

from localkube.control.client import Client
from localkube.errors import UsageError
from localkube.terminal import print_progress, print_result
from localkube.verbs.columns import Cells, Columns

_CPU, _MEMORY = "CPU(cores)", "MEMORY(bytes)"
_MIB = 1024
"""KiB of a MiB: that is the unit of what is measured."""


def top(options: argparse.Namespace, client: Client) -> int:
    """Print a row for each pod, or with `--containers` for each container."""
    names = _names(options)
    namespace = None if options.all_namespaces else options.namespace
    place = {"namespace": namespace, "names": names, "selector": options.selector}
    found = sorted(client.call("usage", **place), key=lambda pod: _order(options, pod))
    if not found:
        where = "" if options.all_namespaces else f" in {options.namespace} namespace."
        print_progress(f"No resources found{where}")
        return 0
    rows = [row for pod in found for row in _rows(options, pod)]
    if options.sum:
        rows += _sum(rows[0], found)
    print_result("\n".join(Columns(headers=not options.no_headers).lines(rows)))
    return 0


def _names(options: argparse.Namespace) -> list[str]:
    kind, *names = options.what or [""]
    if kind not in {"pod", "pods", "po"}:
        nodes = "; there are no nodes here" if kind.startswith("no") else ""
        raise UsageError(f"top {kind}: use top pods{nodes}")
    if len(names) > 1:
        raise UsageError("top pods takes one NAME, or -l")
    if names and options.selector:
        raise UsageError("only one of NAME or selector can be provided")
    if options.sort_by not in {None, "cpu", "memory"}:
        raise UsageError("--sort-by accepts only cpu or memory")
    return names


def _order(options: argparse.Namespace, pod: Any) -> tuple[float, str, str]:
    size = {None: 0.0, "cpu": _nanocores(pod), "memory": _kibibytes(pod)}[options.sort_by]
    return -size, pod["metadata"]["namespace"], pod["metadata"]["name"]


def _rows(options: argparse.Namespace, pod: Any) -> list[Cells]:
    metadata = pod["metadata"]
    place = {"NAMESPACE": metadata["namespace"]} if options.all_namespaces else {}
    if not options.containers:
        return [place | {"NAME": metadata["name"]} | _used(_nanocores(pod), _kibibytes(pod))]
    place |= {"POD": metadata["name"]}
    return [
        place | {"NAME": one["name"]} | _used(_nanocores(alone), _kibibytes(alone))
        for one in pod["containers"]
        for alone in [{"containers": [one]}]
    ]


def _sum(like: Cells, pods: list[Any]) -> list[Cells]:
    empty = dict.fromkeys(like, "")
    line = empty | {_CPU: "________", _MEMORY: "________"}
    return [line, empty | _used(sum(map(_nanocores, pods)), sum(map(_kibibytes, pods)))]


def _used(nanocores: float, kibibytes: float) -> Cells:
    """Return kubectl's cells: CPU is rounded up, memory down."""
    return {_CPU: f"{math.ceil(nanocores / 1e6)}m", _MEMORY: f"{int(kibibytes // _MIB)}Mi"}


def _nanocores(pod: Any) -> float:
    return float(sum(int(one["usage"]["cpu"].removesuffix("n")) for one in pod["containers"]))


def _kibibytes(pod: Any) -> float:
    return float(sum(int(one["usage"]["memory"].removesuffix("Ki")) for one in pod["containers"]))
