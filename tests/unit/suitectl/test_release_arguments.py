"""Options are read or refused in one line. An empty value from make means the default."""

from collections.abc import Callable

import pytest

from suitectl.arguments import amount, flag, rate, replicas, whole
from suitectl.errors import CommandFailedError


def test_an_empty_option_is_its_default() -> None:
    assert whole("N", "", 7) == 7
    assert amount("PAUSE", "", 1.5) == 1.5
    assert rate("RATE", None, 0.01) == 0.01


def test_options_are_read() -> None:
    assert whole("V1", "0") == 0
    assert amount("PAUSE", "2.5", 1) == 2.5
    assert (rate("RATE", "2%", 1), rate("RATE", "0.02", 1)) == (0.02, 0.02)


@pytest.mark.bound("operator-replicas")
def test_more_replicas_than_a_node_runs_are_refused() -> None:
    assert replicas("V1", "110") == 110
    with pytest.raises(CommandFailedError, match="V1=111: must be a whole number from 0 to 110"):
        replicas("V1", "111")


def test_0_is_off() -> None:
    assert not any(flag("UNDO", off) for off in (None, "", "0", "no", "False", "off"))
    assert all(flag("UNDO", on) for on in ("1", "yes", "True", "on"))


@pytest.mark.parametrize(
    "read",
    [
        lambda: whole("V1", None),
        lambda: whole("V1", "-1"),
        lambda: whole("V1", "1.5"),
        lambda: whole("N", "0", least=1),
        lambda: whole("N", "1000000000"),
        lambda: amount("PAUSE", "-1", 1),
        lambda: amount("PAUSE", "nan", 1),
        lambda: amount("PAUSE", "inf", 1),
        lambda: amount("PAUSE", "soon", 1),
        lambda: flag("UNDO", "please"),
        lambda: amount("SIGNS_IN", "2", 1, most=1),
        lambda: rate("RATE", "101%", 1),
        lambda: rate("RATE", "2", 1),
        lambda: rate("RATE", "-0.1", 1),
        lambda: rate("RATE", "%", 1),
    ],
)
def test_an_invalid_value_is_refused_with_the_name_of_its_option(
    read: Callable[[], object],
) -> None:
    with pytest.raises(CommandFailedError, match=r"V1|N=|PAUSE|RATE|UNDO|SIGNS_IN") as refused:
        read()
    assert "\n" not in str(refused.value)
