"""What can go wrong with the API server.

ApiServerError
└── ExpiredError    410: what was known is too old to go on from
"""


class ApiServerError(Exception):
    """Say why the API server gave no usable answer."""


class ExpiredError(ApiServerError):
    """Say that the version asked for is gone: everything has to be listed anew."""
