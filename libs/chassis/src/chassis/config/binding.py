"""From a tree of relaxed names to the values of a typed settings model."""

import difflib
import types
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel

from chassis.config.errors import ConfigError
from chassis.config.placeholders import Resolver
from chassis.config.tree import Entry, Tree, canonical, names


@dataclass(slots=True)
class Binder:
    """Binds one tree; `ignored` collects the names without effect."""

    resolver: Resolver
    ignored: list[str] = field(default_factory=list)

    def bind(self, tree: Tree, model: type[BaseModel], prefix: str = "") -> dict[str, Any]:
        """Return the model's values by field name; raise `ConfigError` at an unknown key."""
        fields = _fields(model)
        values: dict[str, Any] = {}
        for key, entry in tree.items():
            if key in fields:
                name, annotation = fields[key]
                values[name] = self._value(entry, annotation, f"{prefix}{entry.name}")
            elif getattr(model, "tolerant", False):
                self.ignored.extend(names({key: entry}, prefix))
            elif prefix:
                raise _unknown(entry, prefix, [name for name, _ in fields.values()])
        return values

    def _value(self, entry: Entry, annotation: Any, key: str) -> Any:
        if not isinstance(entry.value, dict):
            return self.resolver.resolve(entry, key)
        if (model := _model(annotation)) is not None:
            return self.bind(entry.value, model, f"{key}.")
        if (inner := _mapping_of(annotation)) is not None:
            return self._mapping(entry.value, inner, key)
        return {
            item.name: self._value(item, Any, f"{key}.{item.name}") for item in entry.value.values()
        }

    def _mapping(self, tree: Tree, inner: Any, key: str) -> dict[str, Any]:
        """Bind a mapping with free names; where values are plain, dotted names are put together."""
        if _model(inner) is None and _mapping_of(inner) is None:
            return dict(self._flat(tree, key, ""))
        return {
            entry.name: self._value(entry, inner, f"{key}.{entry.name}") for entry in tree.values()
        }

    def _flat(self, tree: Tree, key: str, prefix: str) -> Iterable[tuple[str, Any]]:
        for entry in tree.values():
            name = f"{prefix}{entry.name}"
            if isinstance(entry.value, dict):
                yield from self._flat(entry.value, key, f"{name}.")
            else:
                yield name, self.resolver.resolve(entry, f"{key}.{name}")


def _fields(model: type[BaseModel]) -> dict[str, tuple[str, Any]]:
    return {canonical(name): (name, info.annotation) for name, info in model.model_fields.items()}


def _choices(annotation: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the annotation alone."""
    if get_origin(annotation) in (Union, types.UnionType):
        return get_args(annotation)
    return (annotation,)


def _model(annotation: Any) -> type[BaseModel] | None:
    for choice in _choices(annotation):
        if isinstance(choice, type) and issubclass(choice, BaseModel):
            return choice
    return None


def _mapping_of(annotation: Any) -> Any | None:
    """Return the value type of a `dict[str, X]` annotation."""
    for choice in _choices(annotation):
        if get_origin(choice) is dict:
            return get_args(choice)[1]
    return None


def _unknown(entry: Entry, prefix: str, known: list[str]) -> ConfigError:
    written = [name.replace("_", "-") for name in known]
    near = difflib.get_close_matches(entry.name, written, n=1)
    hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(written))}"
    return ConfigError(
        f"is no setting; {hint}",
        file=entry.origin.file,
        line=entry.origin.line,
        key=f"{prefix}{entry.name}",
    )
