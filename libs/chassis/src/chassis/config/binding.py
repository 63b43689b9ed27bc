"""Bind the merged tree with relaxed names to a typed settings model."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from chassis.config.budget import Budget
from chassis.config.errors import ConfigError
from chassis.config.layers import Layers
from chassis.config.placeholders import Resolver
from chassis.config.shapes import (
    UNKNOWN,
    SettingField,
    fields_of,
    item_of,
    model_of,
    named_of,
    plain_of,
)
from chassis.config.tree import Entry, Name, Tree, canonical, names

_NEAR = 0.8
"""The similarity (0 to 1) at which an unknown section counts as a misspelled one."""


def bind(
    tree: Tree, layers: Layers, model: type[BaseModel], environ: Mapping[str, str], budget: Budget
) -> dict[str, Any]:
    """Return the values of a model with placeholders resolved; raise `ConfigError`.

    The layers record which names have no effect, and which of the Secret's files were used.
    """
    resolver = Resolver(tree, environ, budget, layers.loose)
    binder = _Binder(resolver, budget)
    values = binder.bind(tree, model)
    layers.ignored = sorted(binder.ignored)
    loose = [entry.origin.file for entry in layers.loose.values()]
    layers.unread += [file for file in loose if file not in resolver.used]
    layers.carried |= {(True, file) for file in resolver.used}
    return values


@dataclass(slots=True)
class _Binder:
    """Bind one tree; `ignored` collects the names without effect."""

    resolver: Resolver
    budget: Budget
    ignored: list[str] = field(default_factory=list)

    def bind(self, tree: Tree, model: type[BaseModel], prefix: str = "") -> dict[str, Any]:
        """Return the model's values by field name; raise `ConfigError` at an unknown key."""
        fields = fields_of(model)
        values: dict[str, Any] = {}
        for name, node in tree.items():
            self.budget.spend(node.origin.file, node.origin.line)
            found = fields.get(name)
            if found is None:
                self._unknown(name, node, model, prefix)
            elif not _is_empty(node) or model_of(found.annotation) is None:
                # Skipped: a section whose keys are all commented out.
                values[found.name] = self._value(node, found, f"{prefix}{name.written}")
        return values

    def _value(self, node: Entry | Tree, place: SettingField, key: str) -> Any:
        if isinstance(node, Entry):
            return self._entry(node, place, key)
        if (model := model_of(place.annotation)) is not None:
            return self.bind(node, model, f"{key}.")
        if plain_of(place.annotation):
            return dict(self._flat(node, place, f"{key}."))
        _refuse_alike(node, key)
        inner = place.of(named_of(place.annotation) or UNKNOWN)
        return {
            name.written: self._value(named, inner, f"{key}.{name.written}")
            for name, named in node.items()
        }

    def _entry(self, entry: Entry, place: SettingField, key: str) -> Any:
        if not isinstance(entry.value, list):
            return self._resolved(entry, place, key)
        inner, origin = place.of(item_of(place.annotation)), entry.origin
        items = [one if isinstance(one, Tree) else Entry(one, origin) for one in entry.value]
        return [self._value(item, inner, key) for item in items]

    def _flat(
        self, tree: Tree, place: SettingField, key: str, prefix: str = ""
    ) -> Iterable[tuple[str, Any]]:
        """Yield plain values under their dotted names."""
        for name, node in tree.items():
            text = f"{prefix}{name.written}"
            if isinstance(node, Tree):
                yield from self._flat(node, place, key, f"{text}.")
            else:
                yield text, self._resolved(node, place, f"{key}{text}")

    def _resolved(self, entry: Entry, place: SettingField, key: str) -> Any:
        """Return a value; raise `ConfigError` if it would expose a Secret's value."""
        value, borrowed = self.resolver.resolve(entry, key)
        if borrowed and not place.hidden:
            reason = "would expose a value of a mounted Secret; only a secret setting may use it"
            raise ConfigError(reason, file=entry.origin.file, line=entry.origin.line, key=key)
        return value

    def _unknown(self, name: Name, node: Entry | Tree, model: type[BaseModel], prefix: str) -> None:
        """Record an unknown name that has no effect, or raise `ConfigError`.

        At the top level, plain values are for placeholders, and foreign sections belong to other
        programs; only a misspelled section is an error.
        """
        known = [known.name.replace("_", "-") for known in fields_of(model).values()]
        if getattr(model, "tolerant", False):
            self.ignored.extend(names(Tree(node.origin, {name: node}), prefix))
        elif prefix:
            raise _refusal(name, node, prefix, known, cutoff=0.6)
        elif isinstance(node, Tree):
            if _nearest(name, known, _NEAR):
                raise _refusal(name, node, prefix, known, cutoff=_NEAR)
            self.ignored.append(name.written)


def _is_empty(node: Entry | Tree) -> bool:
    return isinstance(node, Entry) and node.value is None


def _refuse_alike(tree: Tree, key: str) -> None:
    """Raise `ConfigError` for two exact names that are easily confused."""
    seen: dict[str, Name] = {}
    for name, node in tree.items():
        other = seen.setdefault(canonical(name), name)
        if other is not name:
            first, origin = tree[other].origin, node.origin
            line = f":{first.line}" if first.line else ""
            reason = (
                f"differs from {other.written} ({first.file}{line}) only in case, dashes or"
                " underscores; names are exact, so use one of them"
            )
            place = f"{key}.{name.written}"
            raise ConfigError(reason, file=origin.file, line=origin.line, key=place)


def _refusal(
    name: Name, node: Entry | Tree, prefix: str, known: list[str], *, cutoff: float
) -> ConfigError:
    near = _nearest(name, known, cutoff)
    hint = f"did you mean {near[0]}?" if near else f"known names: {', '.join(sorted(known))}"
    origin, key = node.origin, f"{prefix}{name.written}"
    return ConfigError(f"unknown setting; {hint}", file=origin.file, line=origin.line, key=key)


def _nearest(name: Name, known: list[str], cutoff: float) -> list[str]:
    from difflib import get_close_matches  # noqa: PLC0415 - for a name that is misspelled

    return get_close_matches(name.written, known, n=1, cutoff=cutoff)
