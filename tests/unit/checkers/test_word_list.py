"""The checker finds discontinued words in prose, comments and names."""

import pytest

from checkers.words import LIST, found, replacements

WORDS = {"verily so": "yes", "perchance": "perhaps", "zero makes merry": "…", "_olden": "_new"}


@pytest.mark.parametrize(
    ("text", "line", "form"),
    [
        ("They wait.\nPerchance it starts,", 2, "Perchance"),
        ("# It is verily\n# so here.", 1, "verily\n# so"),
        ("def test_zero_makes_merry() -> None:", 1, "zero makes merry"),
        ("self._olden(1)", 1, "_olden"),
    ],
)
def test_a_word_is_found_in_prose_comments_and_names(text: str, line: int, form: str) -> None:
    assert list(found(text, WORDS)) == [(line, form)]


@pytest.mark.parametrize("text", ["perchances", "verily some", "zero_makes_merry = 1", "is_olden"])
def test_a_part_of_another_word_is_not_found(text: str) -> None:
    assert list(found(text, WORDS)) == []


@pytest.mark.parametrize("name", ["perchance", "perchance-desk"])
def test_the_name_of_a_service_is_not_found(name: str) -> None:
    text = f"make call SERVICE={name}\nfrom {name.replace('-', '_')}.app import call_{name}\n"
    assert list(found(text, WORDS, names=[name])) == []
    assert list(found("Perchance it starts", WORDS, names=[name])) == [(1, "Perchance")]


def test_every_entry_says_what_to_write_instead() -> None:
    with pytest.raises(ValueError, match="expected `old -> new`: perchance"):
        replacements("# words\nperchance\n")


def test_the_word_list_is_valid() -> None:
    assert len(replacements(LIST.read_text())) > 10
