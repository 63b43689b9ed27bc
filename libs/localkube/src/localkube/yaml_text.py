"""Write YAML as kubectl does: a text of several lines stands there as people wrote it."""

from typing import Any

import yaml


class _Dumper(yaml.SafeDumper):
    """Writes each object in full, also one that stands twice."""

    def ignore_aliases(self, data: Any) -> bool:
        """Never write an alias."""
        del data
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    style = "|" if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def to_yaml(document: Any) -> str:
    """Write a document in its own order, without folding lines."""
    options: dict[str, Any] = {"sort_keys": False, "allow_unicode": True, "width": 1_000_000}
    return str(yaml.dump(document, Dumper=_Dumper, **options))
