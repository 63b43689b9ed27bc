"""A signed JWT is read strictly: what two readers could take for two tokens is refused."""

import base64
import json
from typing import Any

import pytest

from chassis.jwt import compact
from chassis.jwt.compact import MalformedJwtError, encoded, looks_like_jwt, read_jwt

HEADER: dict[str, Any] = {"alg": "ES256", "kid": "k", "typ": "at+jwt"}
CLAIMS = {"sub": "alice"}


def b64(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return encoded(data).decode()


def token(header: Any = HEADER, claims: Any = CLAIMS, signature: bytes = b"s" * 64) -> str:
    return ".".join((b64(header), b64(claims), b64(signature)))


def test_a_token_is_read() -> None:
    read = read_jwt(token())
    assert (read.algorithm, read.key_id, read.type) == ("ES256", "k", "at+jwt")
    assert read.claims() == CLAIMS
    assert read.signed.decode() + "." + b64(read.signature) == token()


def test_the_type_is_compared_without_case_and_prefix() -> None:
    """RFC 7515, 4.1.9."""
    assert read_jwt(token({**HEADER, "typ": "application/AT+JWT"})).type == "at+jwt"


@pytest.mark.parametrize("algorithm", ["none", "None", "HS256", "ES384", "es256", "", None, 1, []])
def test_an_algorithm_that_is_not_listed_is_refused(algorithm: object) -> None:
    """RFC 8725, 3.1 and 3.2; docs/design/signed-tokens.md, "Checks"."""
    with pytest.raises(MalformedJwtError):
        read_jwt(token({**HEADER, "alg": algorithm}))


@pytest.mark.parametrize(
    "more",
    [
        {"jwk": {"kty": "oct", "k": "AAAA"}},
        {"jku": "http://evil/jwks"},
        {"x5u": "http://evil/x5u"},
        {"x5c": ["AAAA"]},
        {"crit": ["exp"]},
        {"crit": []},
        {"b64": False},
        {"zip": "DEF"},
        {"enc": "A128GCM"},
        {"cty": "JWT"},
    ],
)
def test_a_header_that_brings_a_key_or_changes_the_reading_is_refused(more: Any) -> None:
    """RFC 8725, 3.10; RFC 7515, 4.1.11."""
    with pytest.raises(MalformedJwtError, match="refused"):
        read_jwt(token({**HEADER, **more}))


@pytest.mark.parametrize("key", ["alg", "kid", "typ"])
@pytest.mark.parametrize("value", [None, "", 1, ["k"], "x" * 257])
def test_a_header_without_a_name_is_refused(key: str, value: object) -> None:
    with pytest.raises(MalformedJwtError):
        read_jwt(token({**HEADER, key: value}))


@pytest.mark.parametrize("path", ["../../dev/null", "k/../k", "k\0", "k' OR 1=1 --"])
def test_a_key_id_is_a_name_and_never_a_path(path: str) -> None:
    """It is looked up among the ids of a key set, whatever is in it."""
    assert read_jwt(token({**HEADER, "kid": path})).key_id == path


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "..", "a.b", "a.b.c.d", "a..c", ".b.c"),
        token()[:-1],  # 64 bytes are 86 characters
        token() + "=",
        token() + "\n",
        " " + token(),
        token().replace(".", ". ", 1),
        token() + ".",
        token().rpartition(".")[0] + ".",
        base64.b64encode(b'{"alg":"ES256"}').decode() + ".e30.AAAA",
    ],
)
def test_another_form_is_refused(text: str) -> None:
    with pytest.raises(MalformedJwtError):
        read_jwt(text)


def test_bits_that_no_byte_uses_are_zero() -> None:
    """RFC 4648, 3.5: otherwise one token has several texts, and each another SHA-256."""
    good = token()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    last = alphabet.index(good[-1])
    for other in range(last + 1, last + 4):
        with pytest.raises(MalformedJwtError, match="one form"):
            read_jwt(good[:-1] + alphabet[other])


@pytest.mark.parametrize(
    "head",
    [
        b'{"alg":"none","alg":"ES256","kid":"k","typ":"at+jwt"}',
        b'{"alg":"ES256","kid":"k","typ":"at+jwt","x":{"a":1,"a":2}}',
        b'{"alg":"ES256","kid":"k","typ":"at+jwt"',
        b'{"alg":"ES256","kid":"k","typ":"at+jwt"} x',
        b'{"alg":"ES256","kid":"\xff","typ":"at+jwt"}',
        b'{"alg":"ES256","kid":"k","typ":"at+jwt","x":NaN}',
        b'{"alg":"ES256","kid":"k","typ":"at+jwt","x":' + b"[" * 1000 + b"]" * 1000 + b"}",
        b'["alg"]',
        b"null",
        b"1",
    ],
)
def test_a_header_of_ambiguous_json_is_refused(head: bytes) -> None:
    with pytest.raises(MalformedJwtError):
        read_jwt(token(head))


@pytest.mark.parametrize("claims", [b'{"sub":"a","sub":"b"}', b"[]", b"{", b'{"exp":1e999}'])
def test_claims_of_ambiguous_json_are_refused(claims: bytes) -> None:
    with pytest.raises(MalformedJwtError):
        read_jwt(token(claims=claims)).claims()


def test_an_error_has_no_part_of_the_token() -> None:
    with pytest.raises(MalformedJwtError) as raised:
        read_jwt(token({**HEADER, "alg": "sesame"}))
    assert "sesame" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "jwt"), [(token(), True), ("ey.a.b", True), ("ab.c.d", False), ("eyJ0", False)]
)
def test_the_shape_of_a_jwt_is_told(text: str, jwt: bool) -> None:  # noqa: FBT001 - a parameter
    assert looks_like_jwt(text) is jwt


@pytest.mark.bound("parsed-headers")
def test_what_is_remembered_of_headers_is_bounded() -> None:
    compact._known_header.cache_clear()
    for number in range(80):
        read_jwt(token({**HEADER, "kid": f"k{number}"}))
    assert compact._known_header.cache_info().currsize == 64
    long = {**HEADER, "more": "x" * 512}
    for _ in range(2):
        assert read_jwt(token(long)).key_id == "k"
    assert compact._known_header.cache_info().hits == 0


def test_a_refused_header_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(MalformedJwtError):
            read_jwt(token({**HEADER, "crit": ["exp"]}))
