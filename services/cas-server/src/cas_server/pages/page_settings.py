"""How the pages look, and what they say about scopes."""

from typing import Annotated

from pydantic import AfterValidator, Field

from chassis.config import Section

_MOST_CSS = 32 * 1024


def _harmless(css: str) -> str:
    if "<" in css:
        raise ValueError("has a `<`, which could end the style sheet")
    return css


class PageSettings(Section):
    """`title` names the place people log in to; `css` is appended to the style sheet.

    `scopes` says in words what an application may do that has a scope.
    """

    title: str = Field(default="Suite", min_length=1, max_length=60)
    css: Annotated[str, AfterValidator(_harmless)] = Field(default="", max_length=_MOST_CSS)
    scopes: dict[str, str] = Field(default_factory=dict)
