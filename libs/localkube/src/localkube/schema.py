"""Reads schema.yaml: what of each kind is implemented, and what has no effect here."""

from functools import cache
from importlib.resources import files
from typing import Any

from localkube.manifests import parse
from localkube.objects import Object
from localkube.rules import Anything, Fields, Findings, Flag, Items, Number, Pairs, Rule, Text

_BUILT_IN: dict[str, Rule] = {
    "anything": Anything(),
    "text": Text(),
    "flag": Flag(),
    "strings": Pairs(Text()),
}
_HEAD = {"apiVersion!": "text", "kind!": "text", "metadata!": "metadata", "status": "anything"}
_SUB_PATH = "a subPath mount never changes with its ConfigMap; mount the directory instead"
_HINTS = {"subPath": _SUB_PATH, "subPathExpr": _SUB_PATH}


def findings(document: Object) -> Findings:
    """Check a document of an implemented kind against what is implemented of it."""
    found = Findings()
    _rule({**_HEAD, **_schema()["kinds"][document["kind"]]}).check(document, "", found)
    return found


@cache
def _schema() -> Any:
    return parse(files("localkube").joinpath("schema.yaml").read_text("utf-8"), "schema.yaml")[0]


@cache
def _named(name: str) -> Rule:
    return _BUILT_IN.get(name) or _rule(_schema()["types"][name])


def _rule(notation: Any) -> Rule:
    if isinstance(notation, dict):
        return _fields(dict(notation))
    if isinstance(notation, list):
        return Items(_rule(notation[0]), *notation[1:])
    if notation.startswith("="):
        return Text(choices=tuple(notation[1:].split("|")))
    head, tilde, pattern = notation.partition("~")
    if ".." in head:
        low, high = head.split("..")
        return Number(int(low), int(high), pattern)
    return Text(pattern) if tilde else _named(notation)


def _fields(notation: dict[str, Any]) -> Fields:
    no_effect, exactly_one = notation.pop("no effect", ()), notation.pop("exactly one", ())
    return Fields(
        {key.rstrip("!"): _rule(value) for key, value in notation.items()},
        required=tuple(key[:-1] for key in notation if key.endswith("!")),
        no_effect=frozenset(no_effect),
        exactly_one=tuple(exactly_one),
        hints=_HINTS,
    )
