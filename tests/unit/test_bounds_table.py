"""docs/bounds.md and the tests that are marked with its rows name the same bounds."""

import re
from pathlib import Path

from cas_server.identities.registration import ClientRegistration
from cas_server.settings import CasSettings
from setting_keys import setting_keys

_ROOT = Path(__file__).parents[2]
_PAGE = _ROOT / "docs/bounds.md"
_ROW = re.compile(r"^\| `([a-z0-9-]+)`: ", re.MULTILINE)
_SETTINGS = re.compile(r"^\| `[a-z0-9-]+`: [^|]*\|([^|]*)\|", re.MULTILINE)
_MARK = re.compile(r"@pytest\.mark\.bound\(\"([a-z0-9-]+)\"\)")


def _marked() -> set[str]:
    tests = (_ROOT / "tests").rglob("test_*.py")
    here = Path(__file__)
    return {
        name for test in tests if test != here for name in _MARK.findall(test.read_text("utf-8"))
    }


def test_every_bound_in_the_table_has_a_test_and_vice_versa() -> None:
    rows = _ROW.findall(_PAGE.read_text("utf-8"))

    assert len(rows) == len(set(rows))
    assert set(rows) == _marked()


def test_every_setting_in_the_table_exists() -> None:
    keys = {*setting_keys(CasSettings), *setting_keys(ClientRegistration, "clients.NAME.")}
    known = keys | {key.rpartition(".")[2] for key in keys}
    named = {
        name
        for cell in _SETTINGS.findall(_PAGE.read_text("utf-8"))
        for name in cell.split("`")[1::2]
    }

    assert "server.drain-wait" in named
    assert named - known == set()
