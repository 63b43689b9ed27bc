"""Figures, and what they are of, as text."""

from collections.abc import Mapping
from typing import Any


def short(figure: float) -> str:
    """Return a figure in three digits, or all before the point."""
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"


def label(row: Mapping[str, Any]) -> str:
    """Return what a row of the JSON document compares, or the unit of one with a fixed limit."""
    behind = f"against {row['against']}" if row["as_ratio"] else row["unit"]
    return f"{row['title']}, {behind}"
