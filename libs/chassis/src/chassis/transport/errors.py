"""Errors of an HTTP exchange.

TransportError
├── ConnectFailedError       the connection failed; the request was not sent
├── BrokenConnectionError    the connection ended early; the request may have been served
└── ResponseTooLargeError    the response exceeds the size limit
"""


class TransportError(Exception):
    """The exchange ended without a complete response."""


class ConnectFailedError(TransportError):
    """The request was not sent, so that any method may be retried."""


class BrokenConnectionError(TransportError):
    """The peer closed the connection, or sent something other than HTTP."""


class ResponseTooLargeError(TransportError):
    """The response exceeds the size limit."""
