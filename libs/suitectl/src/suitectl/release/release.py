"""A release of a service: the Service's selector and the replicas of each version."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from suitectl.errors import CommandFailedError

PREVIOUS = "suite/previous"
"""The Service's annotation with the release that `rollback` restores."""


@dataclass(frozen=True, slots=True)
class Release:
    """The Service's selector, and the replicas of each version."""

    selector: Mapping[str, str]
    replicas: Mapping[str, int]

    @property
    def carrying(self) -> Mapping[str, int]:
        """Return the replicas of the versions that receive traffic."""
        only = self.selector.get("version")
        return {v: n for v, n in self.replicas.items() if only in {None, v}}

    def share(self, version: str) -> float:
        """Return a version's expected part of the connections, 0 to 1."""
        return share(version, self.carrying)

    def require(self, versions: Iterable[str]) -> None:
        """Raise `CommandFailedError` unless all these versions are deployed."""
        if missing := [version for version in versions if version not in self.replicas]:
            raise CommandFailedError(f"{missing[0]} is not deployed; there are: {self.versions}")

    @property
    def versions(self) -> str:
        """Return the deployed versions, for people."""
        return ", ".join(self.replicas) or "none"

    def __str__(self) -> str:
        pair = " : ".join(self.replicas), " : ".join(str(n) for n in self.replicas.values())
        only = self.selector.get("version")
        return " = ".join(pair) + (f", all traffic to {only}" if only else "")

    def to_json(self) -> str:
        """Return the annotation's text."""
        return json.dumps({"selector": dict(self.selector), "replicas": dict(self.replicas)})


def release_from_json(text: str) -> Release:
    """Read the annotation's text; raise `ValueError`."""
    document = json.loads(text)
    try:
        release = Release(dict(document["selector"]), dict(document["replicas"]))
    except (KeyError, TypeError) as error:
        raise ValueError(f"no {error}") from None
    if not all(type(n) is int and n >= 0 for n in release.replicas.values()):
        raise ValueError("replicas must be whole numbers from 0")
    return release


def share(version: str, pods: Mapping[str, int]) -> float:
    """Return a version's part of the pods, 0 where there are none."""
    total = sum(pods.values())
    return pods.get(version, 0) / total if total else 0.0
