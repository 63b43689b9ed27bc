"""What a field's annotation holds: a model, a mapping, a list of something."""

import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel

_MAPPINGS = (dict, Mapping)
_SEQUENCES = (list, tuple, set, frozenset, Sequence)


def model_of(annotation: Any) -> type[BaseModel] | None:
    """Return the model of an annotation such as `Model` or `Model | None`."""
    for choice in _choices(annotation):
        if isinstance(choice, type) and issubclass(choice, BaseModel):
            return choice
    return None


def mapping_of(annotation: Any) -> Any:
    """Return X of `dict[str, X]`; `Any` for anything else."""
    return _argument(annotation, _MAPPINGS, 1)


def item_of(annotation: Any) -> Any:
    """Return X of `list[X]` or `tuple[X, ...]`; `Any` for anything else."""
    return _argument(annotation, _SEQUENCES, 0)


def _argument(annotation: Any, kinds: tuple[Any, ...], position: int) -> Any:
    for choice in _choices(annotation):
        if get_origin(choice) in kinds:
            return get_args(choice)[position]
    return Any


def _choices(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the annotation alone."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _choices(get_args(annotation)[0])
    if origin in (Union, types.UnionType):
        return tuple(one for member in get_args(annotation) for one in _choices(member))
    return (annotation,)
