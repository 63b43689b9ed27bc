"""The results as a picture, drawn from their JSON document alone.

Above, what each contestant serves: a bar for each number of connections. Below, each row with a
target: its median and spread over the target, on a logarithmic axis. Right of the line is better
than the target, whether the target is a least or a most.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.figures import label, short
from bench.sheet import INK, LINE, PALE, WIDTH, Sheet

Document = Mapping[str, Any]
LABELS, VALUES = 430, 210
"""Pixels of the columns left and right of the axis."""
AXIS = WIDTH - LABELS - VALUES
LONGEST = AXIS - 40
"""Pixels of the longest bar, so that its figures fit behind it."""
REACH = 4.0
"""The axis ends at a quarter of a target, and at four times it."""
GOOD, BAD = "#2e7d32", "#c62828"
BARS = ("#9ec5e8", "#3b7bbf")
"""Colours by number of connections, fewest first."""


def write(path: Path, document: Document) -> None:
    """Write the picture, and the folders it is in."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(draw(document))


def draw(document: Document) -> str:
    """Return the picture as SVG."""
    sheet = Sheet()
    for name in dict.fromkeys(one["name"] for one in document["contests"]):
        measured = [one for one in document["contests"] if one["name"] == name]
        _contest(sheet, name, sorted(measured, key=lambda one: one["connections"]))
    _targets(sheet, [row for row in document["rows"] if row["target"] is not None])
    machine = document["machine"]
    where = f"{machine['processors']} cores of {machine['processor']}, Python {machine['python']}"
    sheet.down()
    sheet.text(
        10, f"{where}; medians of {document['runs']} runs, {document['at'][:10]}", colour=PALE
    )
    return str(sheet)


def _contest(sheet: Sheet, name: str, measured: Sequence[Mapping[str, Any]]) -> None:
    sheet.text(10, f"{name}: requests a second", bold=True)
    _legend(sheet, [one["connections"] for one in measured])
    sheet.down(1.2)
    runs = [run for one in measured for run in one["contestants"]]
    most = max(run["rate"] for run in runs)
    for title in dict.fromkeys(run["title"] for run in runs):
        sheet.text(LABELS - 12, title, end=True)
        for number, one in enumerate(measured):
            for run in one["contestants"]:
                if run["title"] == title:
                    width = run["rate"] / most * LONGEST
                    sheet.bar(LABELS, width, BARS[number % len(BARS)])
                    sheet.text(LABELS + width + 8, _figures(run), colour=PALE)
                    sheet.down(0.75)
        sheet.down(0.35)
    sheet.down(0.6)


def _legend(sheet: Sheet, connections: Sequence[int]) -> None:
    for number, count in enumerate(connections):
        x = LABELS + 180 * number
        sheet.bar(x, 10, BARS[number % len(BARS)])
        sheet.text(x + 16, f"{count} connections", colour=PALE)


def _figures(run: Mapping[str, Any]) -> str:
    parts = [short(run["rate"])]
    if run["p99_ms"] is not None:
        parts.append(f"p99 {short(run['p99_ms'])} ms")
    if run["cpu_us"] is not None:
        parts.append(f"CPU {short(run['cpu_us'])} µs")
    return ", ".join(parts)


def _targets(sheet: Sheet, rows: Sequence[Mapping[str, Any]]) -> None:
    if not rows:
        return
    sheet.text(10, "Against the targets", bold=True)
    top = sheet.y + 4
    for factor, name in (
        (1 / REACH, f"target ÷ {REACH:g}"),
        (1.0, "target"),
        (REACH, f"{REACH:g} times as good"),
    ):
        sheet.text(_x(factor) - 22, name, colour=PALE)
    sheet.down()
    for row in rows:
        _target(sheet, row)
    sheet.y -= LINE / 2
    for factor in (1 / REACH, 1.0, REACH):
        sheet.rule(_x(factor), top, INK if factor == 1 else PALE)
    sheet.down()


def _target(sheet: Sheet, row: Mapping[str, Any]) -> None:
    colour = GOOD if row["met"] else BAD
    sheet.text(LABELS - 12, label(row), end=True)
    ends = sorted(_x(_goodness(row, value)) for value in (min(row["values"]), max(row["values"])))
    sheet.bar(ends[0], ends[1] - ends[0], colour, height=3)
    sheet.dot(_x(_goodness(row, row["value"])), colour)
    bound = "≤" if row["at_most"] else "≥"
    sheet.text(
        WIDTH - VALUES + 20,
        f"{short(row['value'])}, target {bound} {row['target']:g}",
        colour=colour,
    )
    sheet.down()


def _goodness(row: Mapping[str, Any], value: float) -> float:
    """Return how many times as good as the target a value is."""
    least = 1e-9  # a value may be 0
    if row["at_most"]:
        return float(row["target"] / max(value, least))
    return float(value / row["target"])


def _x(goodness: float) -> float:
    """Return the column of a multiple of the target; beyond its ends the axis stops."""
    shown = min(max(goodness, 1 / REACH), REACH)
    return LABELS + AXIS * (0.5 + 0.5 * math.log(shown) / math.log(REACH))
