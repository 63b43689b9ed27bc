"""The annotations of settings fields, and the field that a key refers to."""

import functools
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Union, get_args, get_origin

from pydantic import BaseModel, Secret, SecretBytes, SecretStr

from chassis.config.tree import Name, canonical, exact, relaxed

_MAPPINGS = (dict, Mapping)
_SEQUENCES = (list, tuple, set, frozenset, Sequence)
_PLAIN = (str, int, float, bool)
_SECRETS = (SecretStr, SecretBytes, Secret)


class Unknown:
    """The annotation of a key that is not a setting: for placeholders, or of another program."""


UNKNOWN: Final = Unknown


@dataclass(frozen=True, slots=True)
class SettingField:
    """A field of a model; `hidden` if its type is secret or it has `repr=False`."""

    name: str
    annotation: Any
    hidden: bool

    def of(self, inner: Any) -> "SettingField":
        """Return a field for an item of this one, or for a value under a name."""
        return SettingField(self.name, inner, self.hidden)


@functools.cache
def fields_of(model: type[BaseModel]) -> Mapping[str, SettingField]:
    """Return the fields by canonical name."""
    fields = [
        SettingField(info.alias or name, info.annotation, not info.repr or _secret(info.annotation))
        for name, info in model.model_fields.items()
    ]
    return {canonical(field.name): field for field in fields}


def model_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model of an annotation such as `Model` or `Model | None`."""
    for choice in _choices(annotation):
        if isinstance(choice, type) and issubclass(choice, BaseModel):
            return choice
    return None


def plain_of(annotation: Any) -> Any:
    """Return X of a mapping to plain values, such as `dict[str, str]`; None for anything else."""
    inner = _argument(annotation, _MAPPINGS, 1)
    return inner if inner in _PLAIN else None


def named_of(annotation: Any) -> Any:
    """Return X of a mapping whose names are exact, `dict[str, Model]`; None for anything else."""
    inner = _argument(annotation, _MAPPINGS, 1)
    return None if inner in _PLAIN else inner


def item_of(annotation: Any) -> Any:
    """Return X of `list[X]` or `tuple[X, ...]`; `UNKNOWN` for anything else."""
    return _argument(annotation, _SEQUENCES, 0) or UNKNOWN


def lead(path: Sequence[str], annotation: Any, *, mapping: bool) -> tuple[list[Name], Any]:
    """Return the names along a path to a mapping or a value, and the annotation at its end.

    Fields have relaxed names. In a mapping to sections, names are exact and may contain dots: for
    a mapping the rest of the path is the name, for a value the path ends with a field.
    """
    names: list[Name] = []
    while path:
        if annotation is UNKNOWN or (plain := plain_of(annotation)):
            names += map(relaxed, path)
            return names, UNKNOWN if annotation is UNKNOWN else plain
        if (section := named_of(annotation)) is not None:
            cut = len(path) if mapping else _end_of_name(path, section)
            names.append(exact(".".join(path[:cut])))
            annotation = section
        else:
            cut = 1
            names.append(relaxed(path[0]))
            annotation = _field(annotation, path[0])
        path = path[cut:]
    return names, annotation


def is_value(annotation: Any) -> bool:
    """Return whether an annotation is that of a single setting, not of a group."""
    groups = (model_of(annotation), named_of(annotation), plain_of(annotation))
    return annotation is not UNKNOWN and not any(groups)


def _field(annotation: Any, name: str) -> Any:
    model = model_of(annotation)
    field = fields_of(model).get(canonical(name)) if model else None
    return field.annotation if field else UNKNOWN


def _end_of_name(path: Sequence[str], section: Any) -> int:
    """Return the number of parts of the name: those before the longest path to a field."""
    if model_of(section) is None:
        return len(path)
    for cut in range(1, len(path)):
        if is_value(lead(path[cut:], section, mapping=False)[1]):
            return cut
    return max(len(path) - 1, 1)


def _secret(annotation: Any) -> bool:
    kinds = [choice for choice in _choices(annotation) if isinstance(choice, type)]
    arguments = [inner for choice in _choices(annotation) for inner in get_args(choice)]
    origins = [get_origin(choice) for choice in _choices(annotation)]
    is_secret = any(issubclass(kind, _SECRETS) for kind in kinds) or Secret in origins
    return is_secret or any(_secret(inner) for inner in arguments)


def _argument(annotation: Any, kinds: tuple[Any, ...], position: int) -> Any:
    for choice in _choices(annotation):
        if get_origin(choice) in kinds:
            return get_args(choice)[position]
    return None


def _choices(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the annotation alone."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _choices(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return tuple(one for member in get_args(annotation) for one in _choices(member))
    return (annotation,)
