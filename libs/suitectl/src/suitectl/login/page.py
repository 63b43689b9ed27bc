"""The form of a page, as a browser would send it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Self


@dataclass
class PageForm:
    """The address of a page's form, its fields with their values, and what the page says."""

    action: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    alert: str = ""

    @classmethod
    def of(cls, html: str) -> Self:
        """Read the page; a page without a form has no action."""
        form = cls()
        _Reader(form).feed(html)
        form.alert = " ".join(form.alert.split())
        return form


class _Reader(HTMLParser):
    def __init__(self, form: PageForm) -> None:
        super().__init__()
        self._form, self._alert_in = form, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._form.action = found.get("action", "")
        elif tag == "input" and "name" in found:
            self._form.fields[found["name"]] = found.get("value", "")
        if found.get("role") == "alert":
            self._alert_in = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._alert_in:
            self._alert_in = ""

    def handle_data(self, data: str) -> None:
        if self._alert_in:
            self._form.alert += data
