"""Label selectors: as a Deployment writes them, and as people type them after `-l`."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from localkube.errors import UsageError
from localkube.objects import Object

_SET = re.compile(r"(\S+)\s+(in|notin)\s+\((.*)\)")
_EQUALITY = re.compile(r"([^=!]+?)\s*(==|=|!=)\s*(.*)")
_COMMA = re.compile(r",(?![^(]*\))")


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition on a label; the operators are Kubernetes'."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Say whether labels fulfil it; `NotIn` holds for a missing label too."""
        match self.operator:
            case "In":
                return labels.get(self.key) in self.values
            case "NotIn":
                return labels.get(self.key) not in self.values
            case "Exists":
                return self.key in labels
            case _:
                return self.key not in labels


Selector = tuple[Requirement, ...]


def from_labels(labels: Mapping[str, str]) -> Selector:
    """Select what carries all of some labels."""
    return tuple(Requirement(key, "In", (value,)) for key, value in labels.items())


def from_document(document: Object) -> Selector:
    """Read a `matchLabels`/`matchExpressions` selector."""
    expressions = document.get("matchExpressions") or []
    return from_labels(document.get("matchLabels") or {}) + tuple(
        Requirement(e["key"], e["operator"], tuple(e.get("values") or ())) for e in expressions
    )


def from_text(text: str) -> Selector:
    """Read what people type: `app=a,version!=v1,tier in (x,y),!legacy`; raise `UsageError`."""
    return tuple(_requirement(part.strip()) for part in _COMMA.split(text) if part.strip())


def matches(selector: Selector, labels: Mapping[str, str]) -> bool:
    """Say whether labels fulfil every requirement."""
    return all(requirement.holds(labels) for requirement in selector)


def _requirement(text: str) -> Requirement:
    if found := _SET.fullmatch(text):
        operator = "In" if found[2] == "in" else "NotIn"
        return Requirement(found[1], operator, tuple(v.strip() for v in found[3].split(",")))
    if found := _EQUALITY.fullmatch(text):
        return Requirement(found[1], "NotIn" if found[2] == "!=" else "In", (found[3],))
    if re.fullmatch(r"!?[\w./-]+", text):
        return Requirement(text.lstrip("!"), "DoesNotExist" if text[0] == "!" else "Exists")
    raise UsageError(f"cannot read the selector {text!r}; write app=name,version!=v1")
