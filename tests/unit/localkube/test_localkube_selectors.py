import pytest

from localkube.errors import UsageError
from localkube.selectors import from_document, from_text, matches

LABELS = {"app": "web", "version": "v1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("app=web", True),
        ("app==web,version!=v2", True),
        ("app in (api, web),version", True),
        ("version notin (v1)", False),
        ("!legacy", True),
        ("!app", False),
        ("", True),
        ("tier!=x", True),
    ],
)
def test_what_people_type_after_l(text: str, *, expected: bool) -> None:
    assert matches(from_text(text), LABELS) is expected


def test_expressions_of_a_document() -> None:
    expressions = [{"key": "version", "operator": "In", "values": ["v1", "v2"]}]
    document = {"matchLabels": {"app": "web"}, "matchExpressions": expressions}

    assert matches(from_document(document), LABELS)
    assert not matches(from_document(document), {"app": "web"})


def test_nonsense_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="a b"):
        from_text("a b")
