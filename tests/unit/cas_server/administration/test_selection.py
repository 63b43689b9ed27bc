"""docs/design/administration.md, "Bounds": the order of a listing, and where it goes on."""

from itertools import islice

from hypothesis import given
from hypothesis import strategies as st

from cas_server.administration.selection import CURSOR, Cursor, Selection
from cas_server.stores.redis_holdings import Index

NAMES = st.lists(st.sampled_from("abcdef"), unique=True).map(sorted).map(tuple)


@given(st.from_regex(CURSOR, fullmatch=True))
def test_every_text_of_the_form_is_a_cursor(text: str) -> None:
    cursor = Cursor.decode(text)
    assert Cursor.decode(cursor.encode()) == cursor


@given(NAMES, NAMES, st.integers(1, 5))
def test_pages_have_every_index_once_and_in_order(
    clients: tuple[str, ...], users: tuple[str, ...], most: int
) -> None:
    whole = Selection(clients, users)
    for walk in (Selection.of_all, Selection.of_families, Selection.of_tokens):
        found: list[Index] = []
        page = list(islice(walk(whole), most))
        while page:
            found += page
            rest = Selection(clients, users, after=Cursor(*page[-1], 0))
            page = list(islice(walk(rest), most))
        assert found == list(walk(whole)) == sorted(set(found))
