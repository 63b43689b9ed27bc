"""From a tree of relaxed names to the values of a typed settings model."""

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from pydantic import BaseModel

from chassis.config.budget import Budget
from chassis.config.errors import ConfigError
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
from chassis.config.tree import Entry, Tree, canonical, names

_NEAR = 0.8
"""How alike (0 to 1) an unknown section has to be to a known one to be taken for a typing error."""


@dataclass(slots=True)
class Binder:
    """Binds one tree; `ignored` collects the names without effect."""

    resolver: Resolver
    budget: Budget
    ignored: list[str] = field(default_factory=list)

    def bind(self, tree: Tree, model: type[BaseModel], prefix: str = "") -> dict[str, Any]:
        """Return the model's values by field name; raise `ConfigError` at an unknown key."""
        fields = fields_of(model)
        values: dict[str, Any] = {}
        for key, entry in tree.items():
            self.budget.spend(entry.origin.file, entry.origin.line)
            found = fields.get(key)
            if found is None:
                self._unknown(entry, model, prefix)
            elif entry.value is not None or model_of(found.annotation) is None:
                # What is left out is a section whose keys are all commented out.
                values[found.name] = self._value(entry, found, f"{prefix}{entry.name}")
        return values

    def _value(self, entry: Entry, place: SettingField, key: str) -> Any:
        if isinstance(entry.value, list):
            inner = place.of(item_of(place.annotation))
            items = (Entry(entry.name, item, entry.origin) for item in entry.value)
            return [self._value(item, inner, key) for item in items]
        if not isinstance(entry.value, dict):
            return self._resolved(entry, place, key)
        if (model := model_of(place.annotation)) is not None:
            return self.bind(entry.value, model, f"{key}.")
        if plain_of(place.annotation):
            return dict(self._flat(entry.value, place, f"{key}."))
        _refuse_alike(entry.value, key)
        inner = place.of(named_of(place.annotation) or UNKNOWN)
        return {
            named.name: self._value(named, inner, f"{key}.{named.name}")
            for named in entry.value.values()
        }

    def _flat(
        self, tree: Tree, place: SettingField, key: str, prefix: str = ""
    ) -> Iterable[tuple[str, Any]]:
        """Put dotted names together again, where values are plain."""
        for entry in tree.values():
            name = f"{prefix}{entry.name}"
            if isinstance(entry.value, dict):
                yield from self._flat(entry.value, place, key, f"{name}.")
            else:
                yield name, self._resolved(entry, place, f"{key}{name}")

    def _resolved(self, entry: Entry, place: SettingField, key: str) -> Any:
        """Return a value; raise `ConfigError` where a Secret's would come out in the open."""
        value, borrowed = self.resolver.resolve(entry, key)
        if borrowed and not place.hidden:
            reason = "would show a value of a mounted Secret; only a setting that is secret may"
            raise ConfigError(reason, file=entry.origin.file, line=entry.origin.line, key=key)
        return value

    def _unknown(self, entry: Entry, model: type[BaseModel], prefix: str) -> None:
        """Note a name where unknown ones have no effect, refuse it where they are mistakes.

        At the top, plain values are there for placeholders to name and foreign sections are other
        programs'; only what looks like one of ours mistyped is refused.
        """
        known = [known.name.replace("_", "-") for known in fields_of(model).values()]
        if getattr(model, "tolerant", False):
            self.ignored.extend(names({entry.name: entry}, prefix))
        elif prefix:
            raise _refusal(entry, prefix, known, cutoff=0.6)
        elif isinstance(entry.value, dict):
            if difflib.get_close_matches(entry.name, known, n=1, cutoff=_NEAR):
                raise _refusal(entry, prefix, known, cutoff=_NEAR)
            self.ignored.append(entry.name)


def _refuse_alike(tree: Tree, key: str) -> None:
    """Raise `ConfigError` for two exact names that people would take for one."""
    seen: dict[str, Entry] = {}
    for entry in tree.values():
        other = seen.setdefault(canonical(entry.name), entry)
        if other is not entry:
            line = f":{other.origin.line}" if other.origin.line else ""
            reason = (
                f"differs from {other.name} ({other.origin.file}{line}) in case, dashes and"
                " underscores alone; names are exact, so write one of them"
            )
            origin = entry.origin
            name = f"{key}.{entry.name}"
            raise ConfigError(reason, file=origin.file, line=origin.line, key=name)


def _refusal(entry: Entry, prefix: str, known: list[str], *, cutoff: float) -> ConfigError:
    near = difflib.get_close_matches(entry.name, known, n=1, cutoff=cutoff)
    hint = f"did you mean {near[0]}?" if near else f"known here: {', '.join(sorted(known))}"
    return ConfigError(
        f"is no setting; {hint}",
        file=entry.origin.file,
        line=entry.origin.line,
        key=f"{prefix}{entry.name}",
    )
