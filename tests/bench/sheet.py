"""A page of SVG that is written from top to bottom, line by line."""

from xml.sax.saxutils import escape

WIDTH, LINE = 1000, 22
"""Pixels: of the page, and from line to line."""
INK, PALE, RULE = "#1f2328", "#656d76", "#d0d7de"
_FONT = "font-family='DejaVu Sans, Verdana, sans-serif' font-size='12'"


class Sheet:
    """The page; `y` is the base of the current line."""

    def __init__(self) -> None:
        self.y = float(LINE)
        self._parts: list[str] = []

    def down(self, lines: float = 1) -> None:
        """Begin another line."""
        self.y += lines * LINE

    def text(
        self, x: float, text: str, *, colour: str = INK, bold: bool = False, end: bool = False
    ) -> None:
        """Write a text that begins, or ends, at a column."""
        style = " font-weight='bold'" if bold else ""
        anchor = " text-anchor='end'" if end else ""
        self._parts.append(
            f"<text x='{x:.1f}' y='{self.y:.1f}' fill='{colour}'{style}{anchor}>"
            f"{escape(text)}</text>"
        )

    def bar(self, x: float, width: float, colour: str, *, height: float = 10) -> None:
        """Draw a bar on the current line."""
        top = self.y - 4 - height / 2
        self._parts.append(
            f"<rect x='{x:.1f}' y='{top:.1f}' width='{max(width, 1):.1f}'"
            f" height='{height:.1f}' fill='{colour}'/>"
        )

    def dot(self, x: float, colour: str) -> None:
        """Draw a dot on the current line."""
        self._parts.append(f"<circle cx='{x:.1f}' cy='{self.y - 4:.1f}' r='5' fill='{colour}'/>")

    def rule(self, x: float, top: float, colour: str = RULE) -> None:
        """Draw a vertical line from a height down to the current line."""
        self._parts.append(
            f"<line x1='{x:.1f}' y1='{top:.1f}' x2='{x:.1f}' y2='{self.y:.1f}' stroke='{colour}'/>"
        )

    def __str__(self) -> str:
        """Return the document."""
        height = self.y + LINE
        head = (
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {height:.0f}' {_FONT}>"
        )
        ground = f"<rect width='{WIDTH}' height='{height:.0f}' fill='#ffffff'/>"
        return "\n".join((head, ground, *self._parts, "</svg>", ""))
