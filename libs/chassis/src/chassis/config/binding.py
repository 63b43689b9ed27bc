"""From the merged tree of relaxed names to the values of a typed settings model."""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from chassis.config.budget import Budget
from chassis.config.errors import ConfigError
from chassis.config.layers import File, Layers
from chassis.config.merging import Layered
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
from chassis.config.tree import Entry, Merged, Name, Names, Origin, Tree, canonical, dotted, names

_NEAR = 0.8
"""How alike (0 to 1) an unknown section has to be to a known one to be taken for a typing error."""


@dataclass(frozen=True, slots=True)
class Bound:
    """The values of a model, the names without effect, and what became of the Secret's loose files.

    Placeholders took values of those that `carried` some, and nobody reads the `unread` ones.
    """

    values: dict[str, Any]
    ignored: list[str]
    carried: set[File]
    unread: list[str]


def bind(
    layered: Layered,
    layers: Layers,
    model: type[BaseModel],
    environ: Mapping[str, str],
    budget: Budget,
) -> Bound:
    """Bind the merged tree to a model, placeholders resolved; raise `ConfigError`."""
    resolver = Resolver(layered.tree, environ, budget, layers.loose)
    binder = _Binder(layered, resolver, budget)
    values = binder.bind(layered.tree, model)
    loose = [entry.origin.file for entry in layers.loose.values()]
    unread = [file for file in loose if file not in resolver.used]
    return Bound(values, sorted(binder.ignored), {(True, file) for file in resolver.used}, unread)


@dataclass(slots=True)
class _Binder:
    """Binds what was merged; `ignored` collects the names without effect."""

    layered: Layered
    resolver: Resolver
    budget: Budget
    ignored: list[str] = field(default_factory=list)

    def bind(self, tree: Merged, model: type[BaseModel], path: Names = ()) -> dict[str, Any]:
        """Return the model's values by field name; raise `ConfigError` at an unknown key."""
        fields = fields_of(model)
        values: dict[str, Any] = {}
        for name, node in tree.items():
            here = (*path, name)
            origin = self._origin(node, here)
            self.budget.spend(origin.file, origin.line)
            found = fields.get(name)
            if found is None:
                self._unknown(node, model, here)
            elif not _is_empty(node) or model_of(found.annotation) is None:
                # What is left out is a section whose keys are all commented out.
                values[found.name] = self._value(node, found, here)
        return values

    def _value(self, node: Any, place: SettingField, path: Names) -> Any:
        if isinstance(node, Entry):
            return self._entry(node, place, path)
        if (model := model_of(place.annotation)) is not None:
            return self.bind(node, model, path)
        if plain_of(place.annotation):
            return dict(self._flat(node, place, path))
        self._refuse_alike(node, path)
        inner = place.of(named_of(place.annotation) or UNKNOWN)
        return {
            name.written: self._value(named, inner, (*path, name)) for name, named in node.items()
        }

    def _entry(self, entry: Entry, place: SettingField, path: Names) -> Any:
        if not isinstance(entry.value, list):
            return self._resolved(entry, place, path)
        inner = place.of(item_of(place.annotation))
        items = (
            item if isinstance(item, Tree) else Entry(item, entry.origin) for item in entry.value
        )
        return [self._value(item, inner, path) for item in items]

    def _flat(
        self, tree: Merged, place: SettingField, path: Names, prefix: str = ""
    ) -> Iterable[tuple[str, Any]]:
        """Put dotted names together again, where values are plain."""
        for name, node in tree.items():
            here, text = (*path, name), f"{prefix}{name.written}"
            if isinstance(node, Entry):
                yield text, self._resolved(node, place, here)
            else:
                yield from self._flat(node, place, here, f"{text}.")

    def _resolved(self, entry: Entry, place: SettingField, path: Names) -> Any:
        """Return a value; raise `ConfigError` where a Secret's would come out in the open."""
        key = dotted(path)
        value, borrowed = self.resolver.resolve(entry, key)
        if borrowed and not place.hidden:
            reason = "would show a value of a mounted Secret; only a setting that is secret may"
            raise ConfigError(reason, file=entry.origin.file, line=entry.origin.line, key=key)
        return value

    def _unknown(self, node: Any, model: type[BaseModel], path: Names) -> None:
        """Note a name where unknown ones have no effect, refuse it where they are mistakes.

        At the top, plain values are there for placeholders to name and foreign sections are other
        programs'; only what looks like one of ours mistyped is refused.
        """
        *above, name = path
        known = [known.name.replace("_", "-") for known in fields_of(model).values()]
        if getattr(model, "tolerant", False):
            self.ignored.extend(names({name: node}, "".join(f"{part.written}." for part in above)))
        elif above:
            raise self._refusal(node, path, known, cutoff=0.6)
        elif isinstance(node, dict):
            if difflib.get_close_matches(name.written, known, n=1, cutoff=_NEAR):
                raise self._refusal(node, path, known, cutoff=_NEAR)
            self.ignored.append(name.written)

    def _refusal(self, node: Any, path: Names, known: list[str], *, cutoff: float) -> ConfigError:
        near = difflib.get_close_matches(path[-1].written, known, n=1, cutoff=cutoff)
        hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(known))}"
        origin = self._origin(node, path)
        key = dotted(path)
        return ConfigError(f"is no setting; {hint}", file=origin.file, line=origin.line, key=key)

    def _refuse_alike(self, tree: Merged, path: Names) -> None:
        """Raise `ConfigError` for two exact names that people would take for one."""
        seen: dict[str, Name] = {}
        for name, node in tree.items():
            other = seen.setdefault(canonical(name.written), name)
            if other is not name:
                first = self._origin(tree[other], (*path, other))
                line = f":{first.line}" if first.line else ""
                reason = (
                    f"differs from {other.written} ({first.file}{line}) in case, dashes and"
                    " underscores alone; names are exact, so write one of them"
                )
                origin, key = self._origin(node, (*path, name)), dotted((*path, name))
                raise ConfigError(reason, file=origin.file, line=origin.line, key=key)

    def _origin(self, node: Any, path: Names) -> Origin:
        """Return where something was written; of what several layers write, the strongest."""
        return node.origin if isinstance(node, Entry | Tree) else self.layered.origin(path)


def _is_empty(node: Any) -> bool:
    return isinstance(node, Entry) and node.value is None
