"""The target and the host header of a URL."""

import pytest

from chassis.client.target import Endpoint, Target


@pytest.mark.parametrize(
    ("url", "target", "host", "path"),
    [
        ("http://cas/oauth/check_token", Target("cas", 80), b"cas", b"/oauth/check_token"),
        ("http://cas:2000", Target("cas", 2000), b"cas:2000", b"/"),
        ("https://cas.ns/x?a=1", Target("cas.ns", 443, tls=True), b"cas.ns", b"/x?a=1"),
        ("https://cas:443/", Target("cas", 443, tls=True), b"cas", b"/"),
        ("http://[::1]:81/", Target("::1", 81), b"[::1]:81", b"/"),
    ],
)
def test_a_url_is_split_into_target_and_path(
    url: str, target: Target, host: bytes, path: bytes
) -> None:
    assert Endpoint.parse(url) == Endpoint(target, path, host)


@pytest.mark.parametrize("url", ["cas/oauth", "ftp://cas/", "http:///x", "//cas/x", ""])
def test_a_scheme_other_than_http_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="not an http"):
        Endpoint.parse(url)
