"""Decode compressed bodies within the size limit (RFC 9110, 8.4): 1 KiB may expand to 1 MiB."""

import zlib

from chassis.transport import RawResponse

ACCEPTED = "gzip"
_GZIP = zlib.MAX_WBITS | 16
_CODING = b"content-encoding"
_DROPPED = (_CODING, b"content-length")


class CodingError(Exception):
    """The body can't be decoded."""


def decoded(response: RawResponse, bound: int) -> RawResponse:
    """Return the response with its body decoded; raise `CodingError`."""
    codings = [value.strip().lower() for name, value in response.headers if name == _CODING]
    if not response.body or not set(codings) - {b"", b"identity"}:
        return response
    if codings not in ([b"gzip"], [b"x-gzip"]):
        raise CodingError("its content coding is not gzip, the only accepted one")
    headers = [(name, value) for name, value in response.headers if name not in _DROPPED]
    return RawResponse(response.status, headers, _unzipped(response.body, bound))


def _unzipped(body: bytes, bound: int) -> bytes:
    reader = zlib.decompressobj(_GZIP)
    try:
        text = reader.decompress(body, bound + 1)
    except zlib.error:
        raise CodingError("it is invalid gzip") from None
    if len(text) > bound:
        raise CodingError(too_large(bound))
    if not reader.eof:
        raise CodingError("it is truncated gzip")
    return text


def too_large(bound: int) -> str:
    """Return the reason for refusing a body of more than `bound` bytes."""
    return f"it is larger than client.max-response-size, {bound} bytes"
