"""Apply and compute patches: JSON merge patch (RFC 7396) and strategic merge patch."""

from typing import Any

_MERGE_KEYS = {
    "containers": ("name",),
    "env": ("name",),
    "volumes": ("name",),
    "volumeMounts": ("mountPath",),
    "ports": ("containerPort", "port"),
}
"""Lists that a strategic patch merges by a key of their elements; it replaces all others."""


def merge(live: Any, patch: Any, *, strategic: bool) -> Any:
    """Return a patched copy; a null removes a field."""
    if not isinstance(patch, dict):
        return patch
    result = dict(live) if isinstance(live, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif strategic and key in _MERGE_KEYS and isinstance(value, list):
            result[key] = _merge_list(_MERGE_KEYS[key], result.get(key) or [], value)
        else:
            result[key] = merge(result.get(key), value, strategic=strategic)
    return result


def _merge_list(keys: tuple[str, ...], live: list[Any], patch: list[Any]) -> list[Any]:
    merged = {_identity(keys, element): element for element in live}
    for element in patch:
        identity = _identity(keys, element)
        merged[identity] = merge(merged.get(identity), element, strategic=True)
    return list(merged.values())


def _identity(keys: tuple[str, ...], element: Any) -> str:
    """Return the key of a list's element; one without a key equals no other."""
    found = [str(element[key]) for key in keys if isinstance(element, dict) and key in element]
    return found[0] if found else f"at {id(element)}"


def difference(before: dict[str, Any], after: dict[str, Any]) -> dict[str, Any]:
    """Return the merge patch (RFC 7396) from `before` to `after`; it replaces whole lists."""
    patch: dict[str, Any] = {key: None for key in before if after.get(key) is None}
    for key, value in after.items():
        old = before.get(key)
        if isinstance(value, dict) and isinstance(old, dict):
            if inner := difference(old, value):
                patch[key] = inner
        elif value is not None and value != old:
            patch[key] = value
    return patch


def conflicts(patch: dict[str, Any], before: dict[str, Any], live: dict[str, Any]) -> bool:
    """Say whether `live` differs from `before` in a field that the patch changes otherwise."""
    for key, value in patch.items():
        old, now = before.get(key), live.get(key)
        if all(isinstance(one, dict) for one in (value, old, now)):
            if conflicts(value, old or {}, now or {}):
                return True
        elif now not in (old, value):
            return True
    return False
