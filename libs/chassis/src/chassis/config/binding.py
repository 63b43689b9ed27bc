"""From a tree of relaxed names to the values of a typed settings model."""

import difflib
import functools
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from chassis.config.errors import ConfigError
from chassis.config.placeholders import Resolver
from chassis.config.shapes import item_of, mapping_of, model_of
from chassis.config.tree import Entry, Tree, canonical, names

_NEAR = 0.8
"""How alike (0 to 1) an unknown section has to be to a known one to be taken for a typing error."""


@dataclass(slots=True)
class Binder:
    """Binds one tree; `ignored` collects the names without effect."""

    resolver: Resolver
    ignored: list[str] = field(default_factory=list)

    def bind(self, tree: Tree, model: type[BaseModel], prefix: str = "") -> dict[str, Any]:
        """Return the model's values by field name; raise `ConfigError` at an unknown key."""
        fields = fields_of(model)
        values: dict[str, Any] = {}
        for key, entry in tree.items():
            if key in fields:
                name, annotation = fields[key]
                if entry.value is None and model_of(annotation) is not None:
                    continue  # a section whose keys are all commented out
                values[name] = self._value(entry, annotation, f"{prefix}{entry.name}")
            else:
                self._unknown(entry, model, prefix)
        return values

    def _value(self, entry: Entry, annotation: Any, key: str) -> Any:
        if isinstance(entry.value, list):
            inner = item_of(annotation)
            items = (Entry(entry.name, item, entry.origin) for item in entry.value)
            return [self._value(item, inner, key) for item in items]
        if not isinstance(entry.value, dict):
            return self.resolver.resolve(entry, key)
        if (model := model_of(annotation)) is not None:
            return self.bind(entry.value, model, f"{key}.")
        return self._mapping(entry.value, mapping_of(annotation), key)

    def _mapping(self, tree: Tree, inner: Any, key: str) -> dict[str, Any]:
        """Bind a mapping with free names; where values are plain, dotted names are put together."""
        if inner in (str, int, float, bool):
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

    def _unknown(self, entry: Entry, model: type[BaseModel], prefix: str) -> None:
        """Note a name where unknown ones have no effect, refuse it where they are mistakes.

        At the top, plain values are there for placeholders to name and foreign sections are other
        programs'; only what looks like one of ours mistyped is refused.
        """
        known = [name.replace("_", "-") for name, _ in fields_of(model).values()]
        if getattr(model, "tolerant", False):
            self.ignored.extend(names({entry.name: entry}, prefix))
        elif prefix:
            raise _refusal(entry, prefix, known, cutoff=0.6)
        elif isinstance(entry.value, dict):
            if difflib.get_close_matches(entry.name, known, n=1, cutoff=_NEAR):
                raise _refusal(entry, prefix, known, cutoff=_NEAR)
            self.ignored.append(entry.name)


@functools.cache
def fields_of(model: type[BaseModel]) -> dict[str, tuple[str, Any]]:
    """Return name and annotation of each field by canonical name."""
    named = ((info.alias or name, info.annotation) for name, info in model.model_fields.items())
    return {canonical(name): (name, annotation) for name, annotation in named}


def _refusal(entry: Entry, prefix: str, known: list[str], *, cutoff: float) -> ConfigError:
    near = difflib.get_close_matches(entry.name, known, n=1, cutoff=cutoff)
    hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(known))}"
    return ConfigError(
        f"is no setting; {hint}",
        file=entry.origin.file,
        line=entry.origin.line,
        key=f"{prefix}{entry.name}",
    )
