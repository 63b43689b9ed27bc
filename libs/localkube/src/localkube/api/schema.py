"""Check documents against schema.yaml: implemented fields, and fields without effect."""

import difflib
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from localkube.api.yaml_reader import parse

_HEAD = {"apiVersion!": "text", "kind!": "text", "metadata!": "metadata", "status": "anything"}


@dataclass(slots=True)
class Findings:
    """The result of a check: problems as `path: reason`, and fields without effect."""

    problems: list[str] = field(default_factory=list)
    without_effect: set[str] = field(default_factory=set)

    def problem(self, path: str, reason: str) -> None:
        """Add a problem at a field path."""
        self.problems.append(f"{path}: {reason}")


def check_object(document: dict[str, Any]) -> Findings:
    """Check a document of an implemented kind."""
    found = Findings()
    _fields(document, {**_HEAD, **_schema()["kinds"][document["kind"]]}, "", found)
    return found


def check_metadata(document: dict[str, Any]) -> Findings:
    """Check the metadata of a document of a kind without effect."""
    found = Findings()
    _fields(document, {"metadata!": "named", "*": "anything"}, "", found)
    return found


def check(value: Any, rule: Any, path: str, found: Findings) -> None:
    """Check a value by a rule in the notation of schema.yaml; null is the same as absent."""
    rule = _schema()["types"].get(rule, rule) if isinstance(rule, str) else rule
    if value is None or rule == "anything":
        return
    if isinstance(rule, dict):
        _fields(value, rule, path, found)
    elif isinstance(rule, list):
        _items(value, rule, path, found)
    else:
        _scalar(value, rule, path, found)


@cache
def _schema() -> Any:
    path = Path(__file__).with_name("schema.yaml")
    return parse(path.read_text("utf-8"), path.name)[0]


def _fields(value: Any, rule: dict[str, Any], path: str, found: Findings) -> None:
    if not isinstance(value, dict):
        return found.problem(path or "document", f"must be a mapping, not {value!r}")
    known = {key.rstrip("!"): inner for key, inner in rule.items() if " " not in key}
    for key, element in value.items():
        place = f"{path}.{key}".lstrip(".")
        if key in rule.get("no effect", ()):
            found.without_effect.add(key)
        if key in rule.get("no effect", ()) and key not in known:
            continue
        if key in known or "*" in known:
            check(element, known.get(key) or known["*"], place, found)
        else:
            found.problem(place, _refusal(str(key), known))
    for key in rule:
        if key.endswith("!") and value.get(key[:-1]) is None:
            found.problem(f"{path}.{key[:-1]}".lstrip("."), "Required value")
    return None


def _refusal(key: str, known: dict[str, Any]) -> str:
    if key in {"subPath", "subPathExpr"}:
        return "a subPath mount never changes with its ConfigMap; mount the directory instead"
    near = difflib.get_close_matches(key, known, 1, 0.8)
    meant = f"; did you mean {near[0]}?" if near else "; remove it, or use a cluster"
    return f"localkube does not implement this field{meant}"


def _items(value: Any, rule: list[Any], path: str, found: Findings) -> None:
    if not isinstance(value, list):
        return found.problem(path, f"must be a list, not {value!r}")
    if len(value) < sum(rule[1:]):
        found.problem(path, f"needs at least {rule[1]} element")
    for index, element in enumerate(value):
        if element is None:
            found.problem(f"{path}[{index}]", "must not be null; leave it out")
        check(element, rule[0], f"{path}[{index}]", found)
    return None


def _scalar(value: Any, rule: str, path: str, found: Findings) -> None:
    head, _, pattern = rule.partition("~")
    if rule == "flag":
        if not isinstance(value, bool):
            found.problem(path, f"must be true or false, not {value!r}")
    elif ".." in head and not (pattern and isinstance(value, str)):
        low, high = map(int, head.split(".."))
        if isinstance(value, bool) or not isinstance(value, int):
            found.problem(path, f"must be a whole number, not {value!r}")
        elif not low <= value <= high:
            found.problem(path, f"{value} must be from {low} to {high}")
    elif not isinstance(value, str):
        found.problem(path, f"must be a string, not {value!r}; put it in quotes")
    elif rule.startswith("=") and value and value not in rule[1:].split("|"):
        known = ", ".join(f'"{word}"' for word in sorted(rule[1:].split("|")))
        found.problem(path, f'Unsupported value: "{value}": supported values: {known}')
    elif pattern and not re.fullmatch(pattern, value):
        found.problem(path, f"{value!r} is not allowed here")
