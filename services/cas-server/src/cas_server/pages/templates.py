"""The templates, by Jinja2: it is imported for the first page, in a thread, and never before."""

import asyncio
from collections.abc import Mapping
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from chassis.single_flight import SingleFlight

if TYPE_CHECKING:
    from jinja2 import Environment

_FOLDER = files(__package__) / "templates"
_SUFFIX = ".html"


class Templates:
    """Renders pages; every value is escaped, and a missing one is an error."""

    def __init__(self) -> None:
        self._environment: Environment | None = None
        self._loading: SingleFlight[None, Environment] = SingleFlight()

    async def render(self, name: str, values: Mapping[str, Any]) -> str:
        """Return a page; off the event loop it takes some 50 ms the first time, and 0.2 then."""
        environment = self._environment
        if environment is None:
            environment = await self._loading.run(None, self._load)
        return environment.get_template(name + _SUFFIX).render(values)

    async def _load(self) -> "Environment":
        self._environment = await asyncio.to_thread(_loaded)
        return self._environment


def style_sheet() -> str:
    """Return the style sheet of all pages."""
    return (_FOLDER / "pages.css").read_text("utf-8")


def _loaded() -> "Environment":
    """Import Jinja2, and compile every template."""
    from jinja2 import DictLoader, Environment, StrictUndefined  # noqa: PLC0415 - 4 MiB, for pages

    sources = {one.name: one.read_text("utf-8") for one in _FOLDER.iterdir()}
    environment = Environment(
        autoescape=True,
        loader=DictLoader({name: text for name, text in sources.items() if name.endswith(_SUFFIX)}),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for name in environment.list_templates():
        environment.get_template(name)
    return environment
