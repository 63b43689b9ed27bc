"""How people name objects: `pods`, `pod NAME`, `pod/NAME`, `pods,services`."""

from collections.abc import Sequence
from dataclasses import dataclass

from localkube.errors import UsageError
from localkube.kinds import KINDS, Kind, kind_named

_ALL = ("Pod", "Service", "Deployment", "ReplicaSet")


@dataclass(frozen=True, slots=True)
class Named:
    """A kind, and the names asked for; none means all."""

    kind: Kind
    names: tuple[str, ...] = ()


def named(words: Sequence[str]) -> list[Named]:
    """Read what stands after a verb; raise `UsageError`."""
    if not words:
        raise UsageError("name what: pods, deployment NAME, or deployment/NAME")
    if any("/" in word for word in words):
        return [_path(word) for word in words]
    kinds, names = words[0].split(","), tuple(words[1:])
    if kinds == ["all"]:
        return [Named(kind) for kind in KINDS if kind.name in _ALL]
    return [Named(kind_named(kind), names) for kind in kinds]


def one(words: Sequence[str]) -> tuple[Kind, str]:
    """Read exactly one object's name; raise `UsageError`."""
    found = named(words)
    if len(found) != 1 or len(found[0].names) != 1:
        raise UsageError(f"name one object as deployment/NAME, not {' '.join(words)!r}")
    return found[0].kind, found[0].names[0]


def _path(word: str) -> Named:
    kind, _, name = word.partition("/")
    if not name:
        raise UsageError(f"cannot read {word!r}; write deployment/NAME")
    return Named(kind_named(kind), (name,))
