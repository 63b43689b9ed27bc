"""Text in columns as kubectl prints it."""

from collections.abc import Sequence

Cells = dict[str, str]
"""A row: cells by column title."""


class Columns:
    """Aligns rows three spaces apart; in a watch, later rows have the widths of earlier ones."""

    def __init__(self, *, headers: bool = True) -> None:
        self._headers = headers
        self._widths: list[int] = []

    def lines(self, rows: Sequence[Cells]) -> list[str]:
        """Return the rows as lines, at first with the titles above."""
        cells = [list(row.values()) for row in rows]
        if rows and self._headers:
            self._headers = False
            cells.insert(0, list(rows[0]))
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        before = self._widths or [0] * len(widths)
        if widths:
            self._widths = [max(pair) for pair in zip(before, widths, strict=True)]
        return [self._aligned(line) for line in cells]

    def _aligned(self, cells: Sequence[str]) -> str:
        padded = (c.ljust(width) for c, width in zip(cells, self._widths, strict=True))
        return "   ".join(padded).rstrip()
