"""Compressed bodies, decoded within the bound that bodies have (RFC 9110, 8.4).

A kilobyte can stand for a megabyte: what decodes them has to stop in time.
"""

import zlib

from chassis.transport import RawResponse

ACCEPTED = "gzip"
_GZIP = zlib.MAX_WBITS | 16
_CODING = b"content-encoding"
_OF_THE_CODED = (_CODING, b"content-length")


class CodingError(Exception):
    """Say why a body can't be decoded."""


def decoded(response: RawResponse, bound: int) -> RawResponse:
    """Return the response with its body as it was before; raise `CodingError`."""
    codings = [value.strip().lower() for name, value in response.headers if name == _CODING]
    if not response.body or not set(codings) - {b"", b"identity"}:
        return response
    if codings not in ([b"gzip"], [b"x-gzip"]):
        raise CodingError("its content coding is not gzip, which was asked for")
    kept = [(name, value) for name, value in response.headers if name not in _OF_THE_CODED]
    return RawResponse(response.status, kept, _unzipped(response.body, bound))


def _unzipped(body: bytes, bound: int) -> bytes:
    reader = zlib.decompressobj(_GZIP)
    try:
        text = reader.decompress(body, bound + 1)
    except zlib.error:
        raise CodingError("it is no gzip") from None
    if len(text) > bound:
        raise CodingError(too_large(bound))
    if not reader.eof:
        raise CodingError("it is gzip that breaks off")
    return text


def too_large(bound: int) -> str:
    """Say that a body is larger than its bound in bytes."""
    return f"it is larger than client.max-response-size, {bound} bytes"
