"""The arithmetic of a rolling update, as in Kubernetes' Deployment controller."""

import math
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The desired number of pods, and how far a rollout may deviate from it."""

    wanted: int
    surge: int
    unavailable: int

    @classmethod
    def of(cls, wanted: int, surge: int | str, unavailable: int | str) -> "Limits":
        """Resolve percentages: surge is rounded up, unavailable down, never both to 0."""
        up, down = math.ceil(_exact(surge, wanted)), math.floor(_exact(unavailable, wanted))
        return cls(wanted, up, 1 if up == 0 and down == 0 else down)


@dataclass(frozen=True, slots=True)
class Size:
    """The number of pods of a template, and how many of them are available."""

    replicas: int
    available: int


def next_sizes(limits: Limits, new: Size, old: Size) -> tuple[int, int]:
    """Return the next numbers of pods of the new template and of old ones."""
    room_to_grow = limits.wanted + limits.surge - new.replicas - old.replicas
    grown = min(limits.wanted, new.replicas + max(0, room_to_grow))
    least = limits.wanted - limits.unavailable
    # Unavailable pods end first: that costs no availability.
    removable = max(0, old.replicas + min(new.available, grown) - least)
    broken = min(old.replicas - old.available, removable)
    spare = max(0, new.available + old.available - least)
    return grown, max(0, old.replicas - broken - min(spare, removable - broken))


def _exact(value: int | str, wanted: int) -> float:
    return value if isinstance(value, int) else int(value.rstrip("%")) * wanted / 100
