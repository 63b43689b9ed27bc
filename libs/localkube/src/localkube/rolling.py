"""The arithmetic of a rolling update, as Kubernetes' Deployment controller does it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a rollout may stray from the wanted number of pods."""

    wanted: int
    surge: int
    unavailable: int

    @classmethod
    def of(cls, wanted: int, surge: int | str, unavailable: int | str) -> "Limits":
        """Resolve percentages: surge is rounded up, unavailable down, never both to 0."""
        up, down = _resolve(surge, wanted, up=True), _resolve(unavailable, wanted, up=False)
        return cls(wanted, up, 1 if up == 0 and down == 0 else down)


@dataclass(frozen=True, slots=True)
class Size:
    """How many pods a ReplicaSet shall have, and how many of its pods are available."""

    replicas: int
    available: int


def next_sizes(limits: Limits, new: Size, old: Sequence[Size]) -> tuple[int, list[int]]:
    """Return the next sizes of the new ReplicaSet and of the old ones, oldest first."""
    total = new.replicas + sum(size.replicas for size in old)
    grown = min(limits.wanted, new.replicas + max(0, limits.wanted + limits.surge - total))
    least = limits.wanted - limits.unavailable
    room = max(0, total - new.replicas + min(new.available, grown) - least)
    # Pods that serve nobody go first: they cost no availability.
    broken = [min(size.replicas, max(0, size.replicas - size.available)) for size in old]
    sizes, spent = _shrink([size.replicas for size in old], broken, room)
    available = new.available + sum(size.available for size in old)
    spare = min(max(0, available - least), room - spent)
    return grown, _shrink(sizes, sizes, spare)[0]


def _shrink(sizes: list[int], limits: Sequence[int], count: int) -> tuple[list[int], int]:
    left, shrunk = count, []
    for size, limit in zip(sizes, limits, strict=True):
        taken = min(limit, left)
        left -= taken
        shrunk.append(size - taken)
    return shrunk, count - left


def _resolve(value: int | str, wanted: int, *, up: bool) -> int:
    if isinstance(value, int):
        return value
    exact = int(value.rstrip("%")) * wanted / 100
    return math.ceil(exact) if up else math.floor(exact)
