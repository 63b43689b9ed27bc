"""Figures as text."""


def short(figure: float) -> str:
    """Return a figure in three digits, or all before the point."""
    return f"{figure:,.0f}" if abs(figure) >= 100 else f"{figure:.3g}"
