"""The plot is SVG that shows every result, inside of its page."""

import re
from typing import Any
from xml.etree import ElementTree as ET

from bench.plot import BAD, GOOD, draw
from bench.sheet import WIDTH
from unit.bench.fabricated import result, written

SVG = "{http://www.w3.org/2000/svg}"


def plotted(*ratios: float, **changed: Any) -> ET.Element:
    return ET.fromstring(draw(written([result(*ratios, **changed)])))  # noqa: S314 - our own


def dot(picture: ET.Element) -> tuple[float, str]:
    """Return the column and colour of the only median."""
    (circle,) = picture.iter(f"{SVG}circle")
    return float(circle.attrib["cx"]), circle.attrib["fill"]


def test_it_shows_contestants_and_rows() -> None:
    texts = [one.text for one in plotted(2, 3, 4).iter(f"{SVG}text")]
    assert "A contest: requests a second" in texts
    assert "<a> & b" in texts
    assert "100, p99 1 ms, CPU 10 µs" in texts
    assert "50" in texts
    assert "figure, against peer" in texts
    assert "3, target ≥ 1" in texts


def test_right_of_the_line_is_better_than_the_target() -> None:
    (at, _), (good, green), (bad, red) = (dot(plotted(one)) for one in (1.0, 2.0, 0.5))
    assert bad < at < good
    assert (green, red) == (GOOD, BAD)
    assert dot(plotted(0.5, at_most=True)) == (good, GOOD)
    assert dot(plotted(2.0, at_most=True)) == (bad, BAD)


def test_everything_is_inside_of_the_page() -> None:
    for ratio in (0.0, 1e-6, 1.0, 1e6):
        for at_most in (False, True):
            picture = plotted(ratio, ratio * 2, at_most=at_most)
            height = float(picture.attrib["viewBox"].split()[3])
            for one in picture.iter():
                assert 0 <= float(one.get("cx", one.get("x", "0"))) <= WIDTH
                assert 0 <= float(one.get("cy", one.get("y", "0"))) <= height


def test_a_row_without_a_target_has_no_place_on_the_axis() -> None:
    assert not list(plotted(1.0, target=None).iter(f"{SVG}circle"))


def test_a_row_with_a_fixed_limit_has_its_unit() -> None:
    texts = [one.text for one in plotted(2, unit="ms", as_ratio=False).iter(f"{SVG}text")]
    assert "figure, ms" in texts


def test_it_loads_nothing() -> None:
    assert set(re.findall(r"https?://[^'\"]+", draw(written([])))) == {SVG.strip("{}")}
