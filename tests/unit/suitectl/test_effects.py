"""Two responses are shown by what differs between them, in lines of a terminal."""

import json

import pytest

from suitectl.effects import WIDTH, difference
from suitectl.platform.http import Reply


def _reply(body: object, status: int = 200) -> Reply:
    text = body if isinstance(body, str) else json.dumps(body)
    return Reply(status, text, {}, 0.0, 0.0)


@pytest.mark.parametrize(
    ("before", "after", "shown"),
    [
        (
            _reply({"greeting": "a", "pod": "1"}),
            _reply({"greeting": "b", "pod": "2"}),
            ('200 {"greeting": "a", …}', '200 {"greeting": "b", …}'),
        ),
        (
            _reply({"greeting": "a", "pod": "1"}),
            _reply({"greeting": "a", "pod": "1"}),
            ('200 {"greeting": "a", …}', '200 {"greeting": "a", …}'),
        ),
        (
            _reply({"name": "alice"}),
            _reply({"error": "invalid_token"}, 401),
            ('200 {"name": "alice"}', '401 {"error": "invalid_token"}'),
        ),
        (_reply("orders-v1"), _reply("orders-v2\n"), ("200 orders-v1", "200 orders-v2")),
    ],
)
def test_what_differs_is_shown(before: Reply, after: Reply, shown: tuple[str, str]) -> None:
    assert difference(before, after) == shown


def test_a_long_response_is_cut() -> None:
    long = _reply({"text": "x" * 500})
    assert [len(line) for line in difference(long, long)] == [WIDTH, WIDTH]


def test_a_field_that_does_not_fit_is_left_out_whole() -> None:
    before = {"greeting": "Hello from v1", "colour": "blue", "version": "v1", "pod": "a"}
    after = {"greeting": "Welcome to v2", "colour": "green", "version": "v2", "pod": "b"}
    was, now = difference(_reply(before), _reply(after))
    assert was == '200 {"greeting": "Hello from v1", "colour": "blue", …}'
    assert now == '200 {"greeting": "Welcome to v2", "colour": "green", …}'
