"""The keys of settings as written in YAML."""

from collections.abc import Iterator

from pydantic import BaseModel

from chassis.config.shapes import model_of


def setting_keys(model: type[BaseModel], prefix: str = "") -> Iterator[str]:
    """Yield the dotted keys of a section and its subsections."""
    for name, info in model.model_fields.items():
        key = f"{prefix}{(info.alias or name).replace('_', '-')}"
        inner = model_of(info.annotation)
        if inner is None:
            yield key
        else:
            yield from setting_keys(inner, f"{key}.")
