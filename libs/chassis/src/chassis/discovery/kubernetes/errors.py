"""What can go wrong with the API server.

ApiError
└── ExpiredError    410: what was known is too old to go on from
"""


class ApiError(Exception):
    """Say why the API server gave no usable answer."""


class ExpiredError(ApiError):
    """Say that the version asked for is gone: everything has to be listed anew."""
