"""Services that call a removed one neither offer its path nor tell the template to call it."""

import pytest
import yaml

from suitectl.scaffold.callers import unanswered, untried

TRIED = "  annotations:\n    suite/try: /greeting, /api/me, /api/calls/desk, /api/calls/desk-2\n"
ANSWERS = """\
calls:
-   name: desk
    service: desk-service
-   name: shelf
    service: shelf-service
name: orders
"""


def test_the_path_that_leads_on_to_it_is_not_tried() -> None:
    assert untried(TRIED, "desk").endswith(" /greeting, /api/me, /api/calls/desk-2\n")
    assert untried(TRIED, "shelf") == TRIED


@pytest.mark.parametrize("removed", [("desk",), ("shelf",), ("desk", "shelf"), ()])
def test_the_template_is_not_told_to_call_it(removed: tuple[str, ...]) -> None:
    text = ANSWERS
    for name in removed:
        text = unanswered(text, name)
    left = [one for one in yaml.safe_load(ANSWERS)["calls"] if one["name"] not in removed]
    assert yaml.safe_load(text) == {"calls": left, "name": "orders"}
