"""Change documents by patches (merge, strategic, JSON) and by apply's three-way merge."""

import copy
from collections.abc import Sequence
from typing import Any

from localkube.errors import UsageError
from localkube.objects import Object

_MERGE_KEYS = {
    "containers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "ports": ("containerPort", "port"),
}
"""Lists that Kubernetes merges by a key of their elements; all others are replaced."""


def patched(document: Object, patch: Any, kind: str) -> Object:
    """Return a changed copy; `kind` is `merge`, `strategic` or `json`; raise `UsageError`."""
    if kind == "json":
        return _json_patch(document, patch)
    if not isinstance(patch, dict):
        raise UsageError("a merge patch is an object; write -p '{\"spec\": {…}}'")
    merged = merge(document, patch, keyed=kind == "strategic")
    return dict(merged)


def merge(live: Any, patch: Any, *, keyed: bool) -> Any:
    """Merge a patch (RFC 7396); `keyed` merges Kubernetes' keyed lists as well."""
    if not isinstance(patch, dict):
        return copy.deepcopy(patch)
    if keyed and patch.get("$patch") == "replace":
        return {key: value for key, value in patch.items() if key != "$patch"}
    result = dict(live) if isinstance(live, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif keyed and isinstance(value, list):
            result[key] = _merge_list(key, result.get(key), value)
        elif not key.startswith("$"):
            result[key] = merge(result.get(key), value, keyed=keyed)
    return result


def three_way(last: Any, new: Any, live: Any, field: str = "") -> Any:
    """Apply `new` onto `live`: what `last` had and `new` lacks goes, what others added stays."""
    if isinstance(new, dict) and isinstance(live, dict):
        before = last if isinstance(last, dict) else {}
        kept = {key: live[key] for key in live if key in new or key not in before}
        changed = {key: three_way(before.get(key), new[key], live.get(key), key) for key in new}
        return {**kept, **changed}
    if _mergeable(field, new) and _mergeable(field, live):
        gone = {_identity(field, e) for e in last} if _mergeable(field, last) else set()
        named = {_identity(field, element): element for element in live}
        wanted = {_identity(field, element) for element in new}
        merged = [three_way(None, e, named.get(_identity(field, e))) for e in new]
        return merged + [named[i] for i in named if i not in wanted and i not in gone]
    return copy.deepcopy(new)


def _merge_list(field: str, live: Any, patch: list[Any]) -> list[Any]:
    if not _mergeable(field, patch) or not isinstance(live, list):
        return copy.deepcopy(patch)
    named = {_identity(field, element): element for element in live}
    for element in patch:
        key = _identity(field, element)
        if element.get("$patch") == "delete":
            named.pop(key, None)
        else:
            named[key] = merge(named.get(key), element, keyed=True)
    return list(named.values())


def _mergeable(field: str, value: Any) -> bool:
    return (
        field in _MERGE_KEYS
        and isinstance(value, list)
        and all(isinstance(e, dict) and _identity(field, e) is not None for e in value)
    )


def _identity(field: str, element: Object) -> Any:
    return next((element[key] for key in _MERGE_KEYS[field] if key in element), None)


_END = "-"
"""RFC 6901: the element after the last."""


def _json_patch(document: Object, operations: Any) -> Object:
    """Apply a JSON patch (RFC 6902): add, remove, replace and test."""
    if not isinstance(operations, list):
        raise UsageError('a JSON patch is a list; write -p \'[{"op": "replace", …}]\'')
    changed = {"": copy.deepcopy(document)}
    for operation in operations:
        try:
            _operate(changed, operation)
        except (KeyError, IndexError, ValueError, TypeError):
            raise UsageError(f"cannot apply the JSON patch operation {operation!r}") from None
    return dict(changed[""])


def _operate(root: dict[str, Any], operation: Object) -> None:
    *parents, last = ["", *_tokens(operation["path"])]
    holder: Any = root
    for token in parents:
        holder = holder[_index(holder, token)]
    key = _index(holder, last)
    match operation["op"]:
        case "remove":
            del holder[key]
        case "replace":
            holder[key] = (holder[key], operation["value"])[1]
        case "add" if isinstance(holder, list):
            holder.insert(key, operation["value"])
        case "add":
            holder[key] = operation["value"]
        case "test" if holder[key] == operation["value"]:
            return
        case name:
            raise ValueError(name)


def _tokens(path: str) -> Sequence[str]:
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _index(holder: Any, token: str) -> Any:
    if not isinstance(holder, list):
        return token
    return len(holder) if token == _END else int(token)
