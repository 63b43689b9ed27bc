"""Requests on the wire: no caller input may become a second request."""

import pytest

from chassis.transport import RawRequest

HOST = (b"Host", b"cas")


def test_a_request_is_serialized_as_rfc_9112_defines() -> None:
    request = RawRequest(b"POST", b"/a?b=c", [HOST, (b"Content-Length", b"2")], b"hi")
    assert request.encode() == b"POST /a?b=c HTTP/1.1\r\nHost: cas\r\nContent-Length: 2\r\n\r\nhi"


@pytest.mark.parametrize(
    "request_",
    [
        RawRequest(b"GET", b"/a HTTP/1.1\r\nX: y", [HOST]),
        RawRequest(b"GET", b"/a b", [HOST]),
        RawRequest(b"GET /", b"/", [HOST]),
        RawRequest(b"GET", b"/", [HOST, (b"X: y\r\nZ", b"1")]),
        RawRequest(b"GET", b"/", [HOST, (b"X", b"1\r\nZ: 2")]),
        RawRequest(b"GET", b"/", [HOST, (b"X", b"1\n2")]),
        RawRequest(b"GET", b"/", [HOST, (b"X", b"1\x002")]),
    ],
)
def test_a_request_that_would_break_the_framing_is_refused(request_: RawRequest) -> None:
    with pytest.raises(ValueError, match=r"forbidden|line break"):
        request_.encode()
