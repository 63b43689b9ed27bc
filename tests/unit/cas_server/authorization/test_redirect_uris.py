"""docs/design/code-flow.md, "Redirect URIs": which may be registered, and which requested."""

import pytest

from cas_server.authorization.redirect_uris import MAX_URI, fault_of, is_registered

WEB, LOOPBACK, LOOPBACK6 = "https://a.example/cb?x=1", "http://127.0.0.1/cb", "http://[::1]:80/cb"
PRIVATE = "com.example.app:/callback"


@pytest.mark.parametrize(
    "uri", [WEB, LOOPBACK, LOOPBACK6, PRIVATE, "https://a.example:8443", "http://127.0.0.1:8080"]
)
def test_https_loopback_and_private_use_schemes_may_be_registered(uri: str) -> None:
    """RFC 8252, 7.1 to 7.3."""
    assert fault_of(uri) is None


@pytest.mark.bound("redirect-uri")
@pytest.mark.parametrize(
    "uri",
    [
        *("", "/cb", "//a.example/cb", "a.example/cb", "https:///cb", "https:cb", "https://[a/cb"),
        *("http://a.example/cb", "http://localhost/cb", "http://127.0.0.1.a.example/cb"),
        *("http://127.0.0.1@a.example/cb", "http://127.0.0.1:0/cb", "http://127.0.0.2/cb"),
        *("https://u:p@a.example/cb", "https://a.example/cb#", "https://a.example/cb#f"),
        *("https://*.example/cb", "https://a.example/*", "https://a.example/c b", "https://a\\b"),
        *("javascript:alert(1)", "data:text/html,x", "file:///etc", "app:/cb", "com.app://h/cb"),
        *("https://a.example/\N{SNOWMAN}", "https://a.example/\r\nx: y", "https://a:x/cb"),
        "https://a.example/" + "x" * MAX_URI,
    ],
)
def test_any_other_may_not(uri: str) -> None:
    assert fault_of(uri)


def test_a_port_has_digits_of_ascii_alone() -> None:
    """An Arabic digit is one for Python; the header of a redirect could not have it."""
    assert not is_registered("http://127.0.0.1:1\u0662/cb", [LOOPBACK])


def test_a_registered_uri_is_compared_character_by_character() -> None:
    """RFC 9700, 2.1 and 4.1.3."""
    assert is_registered(WEB, [LOOPBACK, WEB])
    others = [
        *("https://a.example/cb", "https://a.example/cb?x=1&y=2", "https://a.example/cb?x=1#"),
        *("https://A.example/cb?x=1", "https://a.example:443/cb?x=1", "https://a.example/CB?x=1"),
        *("https://a.example/cb/?x=1", "https://a.example/cb/../cb?x=1", "http://a.example/cb?x=1"),
        *("https://a.example/%63b?x=1", "https://a.example.evil/cb?x=1", "", " " + WEB, WEB + " "),
    ]
    assert not [uri for uri in others if is_registered(uri, [LOOPBACK, WEB])]


@pytest.mark.parametrize("registered", [LOOPBACK, "http://127.0.0.1:8080/cb"])
def test_a_loopback_uri_may_have_any_port(registered: str) -> None:
    """RFC 8252, 7.3."""
    for port in ("", ":1", ":8080", ":65535"):
        assert is_registered(f"http://127.0.0.1{port}/cb", [registered])
    assert is_registered("http://[::1]:4242/cb", [LOOPBACK6])


def test_nothing_but_the_port_of_loopback_is_free() -> None:
    others = [
        *("http://127.0.0.1:1/other", "http://127.0.0.1:1/cb?x=1", "https://127.0.0.1:1/cb"),
        *("http://127.0.0.1:65536/cb", "http://127.0.0.1:x/cb", "http://127.0.0.1:/cb"),
        *("http://127.0.0.1:1@evil.example/cb", "http://127.0.0.1:01/cb", "http://[::1]:1/cb"),
        *("http://127.0.0.1.evil.example/cb", "http://localhost:1/cb", "http://127.0.0.1:1/cb#"),
    ]
    assert not [uri for uri in others if is_registered(uri, [LOOPBACK])]
    assert not is_registered("com.example.app:1/callback", [PRIVATE])
