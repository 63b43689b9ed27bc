"""Write YAML as kubectl: strings of several lines are literal blocks."""

from typing import Any

import yaml

from localkube.api import yaml_scalars


class _Dumper(yaml.SafeDumper):
    """Writes no aliases, and quotes strings that would be read as another type."""

    def ignore_aliases(self, data: Any) -> bool:
        """Write a repeated object in full."""
        del data
        return True

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        """Return the tag a plain scalar is read with, so that PyYAML quotes other strings."""
        if kind is yaml.ScalarNode and implicit[0]:
            tag, _ = yaml_scalars.resolve(value)
            if tag != yaml_scalars.TEXT:
                return tag
        # Strings that only other readers take for a number or date, such as 1:30, are quoted too.
        return super().resolve(kind, value, implicit)  # type: ignore[no-untyped-call]  # PyYAML has no types


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(document: Any) -> str:
    """Write a document in its own order, without folded lines."""
    options: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": 1_000_000}
    return str(yaml.dump(document, Dumper=_Dumper, **options))
