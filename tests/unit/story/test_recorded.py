"""A secret is found however it is written."""

import base64
from urllib.parse import quote

import pytest
from story.recorded import Sought

TOKEN = "eyJ0-a_b.c+d/e~fghijklmnopqrstuvwxyz 0123456789"
PLACES = {
    "as it is": TOKEN.encode(),
    "URL-encoded": quote(TOKEN, safe="").encode(),
    "Basic": base64.b64encode(f"app:{TOKEN}".encode()),
    "Basic of another name": base64.b64encode(f"demo-app:{TOKEN}".encode()),
    "alone in base64": base64.b64encode(TOKEN.encode()),
    "base64url": base64.urlsafe_b64encode(f"1{TOKEN}2".encode()),
}


@pytest.mark.parametrize("place", PLACES)
def test_it_is_found(place: str) -> None:
    sought = Sought([TOKEN, "alice-123"])
    assert sought.found_in(b"before " + PLACES[place] + b" after") == {TOKEN}
    assert sought.found_in(b"password=alice-123") == {"alice-123"}
    assert sought.found_in(base64.b64encode(b"alice:alice-123")) == {"alice-123"}


def test_a_part_of_it_is_not_it() -> None:
    assert Sought([TOKEN]).found_in(TOKEN[:-1].encode()) == set()
