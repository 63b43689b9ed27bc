"""Form bodies and Basic headers, well-formed and malformed."""

import base64

import pytest
from starlette.types import Message, Scope

from cas_server.authentication.basic_credentials import readings
from cas_server.errors import InvalidClient
from cas_server.forms import parse_form, read_body, refuse_secrets_in_uri, token_of
from chassis.errors import InvalidRequest, PayloadTooLarge


def _basic(credentials: bytes) -> bytes:
    return b"Basic " + base64.b64encode(credentials)


def test_basic_credentials_are_tried_raw_and_then_form_decoded() -> None:
    """Old clients send Basic credentials raw, and Boot 3.5 form-encodes them. Both are accepted."""
    assert readings(_basic(b"app:s3cret")) == [("app", "s3cret")]
    assert readings(_basic(b"app:a%2Bb+c")) == [("app", "a%2Bb+c"), ("app", "a+b c")]


def test_a_secret_may_contain_colons() -> None:
    assert readings(_basic(b"app:a:b")) == [("app", "a:b")]


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"Basic",
        b"Basic ",
        b"Basic !!!",
        b"Digest " + base64.b64encode(b"a:b"),
        _basic(b"no colon"),
        _basic(b"\xff\xfe:\xff"),
        _basic(b"a:" + b"b" * 1_000_000),
    ],
    ids=["empty", "bare", "nothing", "no base64", "digest", "no colon", "no UTF-8", "1 MB"],
)
def test_a_malformed_basic_header_is_401(header: bytes) -> None:
    """docs/design/protocol.md, "Malformed requests"."""
    with pytest.raises(InvalidClient):
        readings(header)


@pytest.mark.parametrize(
    ("body", "form"),
    [
        (b"a=1&", {"a": "1"}),
        (b"&a=1", {"a": "1"}),
        (b"a=1&&b=2", {"a": "1", "b": "2"}),
        (b"&" * 60_000, {}),
        (b"a", {}),
        (b"a&b=2", {"b": "2"}),
        (b"a=1=2", {"a": "1=2"}),
        (b"=", {}),
        (b"=1", {"": "1"}),
        (b"a=\xc3\xa4", {"a": "\N{LATIN SMALL LETTER A WITH DIAERESIS}"}),
        (
            b"\xc3\xa4=%c3%a4",
            {"\N{LATIN SMALL LETTER A WITH DIAERESIS}": "\N{LATIN SMALL LETTER A WITH DIAERESIS}"},
        ),
        (b"a=%", {"a": "%"}),
        (b"a=%zz%4", {"a": "%zz%4"}),
        (b"a=%2B+%26;b=2", {"a": "+ &;b=2"}),
        (b"a=\xef\xbb\xbf1", {"a": "\ufeff1"}),
    ],
)
def test_a_form_is_parsed_as_the_url_standard_defines(body: bytes, form: dict[str, str]) -> None:
    """URL Standard, 5.1; what client libraries send."""
    assert parse_form(body) == form


def test_values_are_decoded_and_empty_ones_omitted() -> None:
    """RFC 6749, 3.1."""
    assert parse_form(b"a=b+c%2B&scope=") == {"a": "b c+"}
    assert parse_form(b"") == {}


@pytest.mark.parametrize(
    "body",
    [
        *(b"a=1&a=2", b"a=&a=2", b"a&a=2", b"a=1&%61=2", b"=&="),
        *(b"a=%ff", b"a=\xff", b"%ff=a", b"a=%ed%a0%80"),
        b"&".join(b"p%d=1" % number for number in range(33)),
    ],
)
def test_a_malformed_form_is_an_invalid_request(body: bytes) -> None:
    with pytest.raises(InvalidRequest):
        parse_form(body)


@pytest.mark.bound("form-token")
def test_a_token_has_at_most_4096_characters() -> None:
    assert token_of({"token": "a" * 4096}) == "a" * 4096
    with pytest.raises(InvalidRequest, match="4096"):
        token_of({"token": "a" * 4097})


@pytest.mark.bound("form-parameters")
def test_a_form_has_at_most_32_parameters() -> None:
    pieces = [b"p%d=1" % number for number in range(33)]

    assert len(parse_form(b"&".join(pieces[:32]))) == 32
    with pytest.raises(InvalidRequest, match="32"):
        parse_form(b"&".join(pieces))


@pytest.mark.parametrize(
    "query",
    [b"client_secret=x", b"a=b&password=x", b"client%5Fsecret=x", b"refresh_token=x", b"token=x"],
)
def test_a_secret_in_the_uri_is_refused(query: bytes) -> None:
    with pytest.raises(InvalidRequest):
        refuse_secrets_in_uri(_scope(query))


def test_other_parameters_in_the_uri_are_accepted() -> None:
    refuse_secrets_in_uri(_scope(b"trace=1"))


def _scope(query: bytes) -> Scope:
    return {"type": "http", "query_string": query}


@pytest.mark.bound("form-body")
@pytest.mark.anyio
async def test_a_chunked_body_is_read_up_to_its_bound() -> None:
    async def pieces() -> Message:
        return {"type": "http.request", "body": b"x" * 1024, "more_body": True}

    with pytest.raises(PayloadTooLarge, match="65536"):
        await read_body(pieces)
