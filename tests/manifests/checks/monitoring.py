"""Scrape targets exist, and alerts use only scraped metrics."""

import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet

from manifests.suite_manifests import (
    Manifest,
    Manifests,
    containers,
    namespace_of,
    pod_labels,
    selects,
    title,
)

PROMETHEUS = {"namespace", "pod", "container", "job", "instance", "le"}
"""Labels of every series, and of histogram buckets."""
_QUOTED = re.compile(r'"[^"]*"')
_LABELS = re.compile(r"(?:\bby|\bwithout|\bon)\s*\(([^)]*)\)|\{([^}]*)\}")
_METRIC = re.compile(r"\b[a-z_]\w*\b(?!\s*\()")
_WORDS = {"or", "and", "unless", "m", "s", "h"}


def scrape_findings(manifests: Manifests, paths: AbstractSet[str]) -> Iterator[str]:
    """Return services that no PodMonitor scrapes at a path of their management port."""
    monitors = list(manifests.of("PodMonitor"))
    for workload in manifests.of("Deployment"):
        ports = {p["name"] for c in containers(workload) for p in c.get("ports", [])}
        if "management" in ports and not any(_takes(one, workload) for one in monitors):
            yield f"{title(workload)}: not scraped"
    for monitor in monitors:
        for endpoint in monitor["spec"]["podMetricsEndpoints"]:
            if endpoint["port"] != "management" or endpoint["path"] not in paths:
                yield f"{title(monitor)}: nothing at {endpoint['port']}{endpoint['path']}"


def rule_findings(
    manifests: Manifests, metrics: AbstractSet[str], labels: AbstractSet[str]
) -> Iterator[str]:
    """Return alerts on unknown metrics or labels. Such an alert would never fire."""
    targets = {t for one in manifests.of("PodMonitor") for t in one["spec"]["podTargetLabels"]}
    for rule in _rules(manifests):
        for unknown in sorted(_metrics(rule["expr"]) - metrics):
            yield f"{rule['alert']}: no metric {unknown}"
        for unknown in sorted(_labels(rule) - labels - targets - PROMETHEUS):
            yield f"{rule['alert']}: no label {unknown}"


def _takes(monitor: Manifest, workload: Manifest) -> bool:
    spec = monitor["spec"]
    namespaces = spec["namespaceSelector"]
    return (
        namespaces.get("any") is True or namespace_of(workload) in namespaces.get("matchNames", [])
    ) and selects(spec["selector"]["matchLabels"], pod_labels(workload))


def _rules(manifests: Manifests) -> Iterator[Manifest]:
    for rules in manifests.of("PrometheusRule"):
        for group in rules["spec"]["groups"]:
            yield from group["rules"]


def _metrics(expression: str) -> set[str]:
    """Return the metric names of an expression, without strings, labels and functions."""
    bare = _LABELS.sub("", re.sub(r"\[[^]]*\]", "", _QUOTED.sub("", expression)))
    return set(_METRIC.findall(bare)) - _WORDS - {"sum", "count", "by"}


def _labels(rule: Manifest) -> set[str]:
    """Return the labels that an alert selects, groups by, or uses in its annotations."""
    groups = _LABELS.findall(_QUOTED.sub("", rule["expr"]))
    described = re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values()))
    return {
        *described,
        *(name for pair in groups for name in re.findall(r"[a-z_]\w*", " ".join(pair))),
    }
