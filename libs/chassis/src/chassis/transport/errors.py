"""What can go wrong on the wire.

TransportError
├── ConnectFailedError       no connection came about: the request was not sent
├── BrokenConnectionError    it ended before the whole answer: the request may have been served
└── ResponseTooLargeError    the answer is longer than this client is willing to hold
"""


class TransportError(Exception):
    """Say that an HTTP exchange did not end with a whole answer."""


class ConnectFailedError(TransportError):
    """Say that the request was never sent, so that any method may be tried elsewhere."""


class BrokenConnectionError(TransportError):
    """Say that the peer hung up, or spoke something else than HTTP."""


class ResponseTooLargeError(TransportError):
    """Say that an answer exceeds the bound on its size."""
