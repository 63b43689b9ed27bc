"""What goes to a terminal."""

from collections.abc import Mapping

import pytest

from localkube.terminal import takes_colours


@pytest.mark.parametrize(
    ("environ", "coloured"),
    [
        ({}, True),
        ({"NO_COLOR": ""}, True),
        ({"NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
        ({"TERM": "xterm"}, True),
    ],
)
def test_colours_as_the_terminal_says(environ: Mapping[str, str], *, coloured: bool) -> None:
    assert takes_colours(environ) is coloured
