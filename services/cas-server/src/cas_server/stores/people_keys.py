"""The Redis keys of what people have; see `session_scripts` and `authorization_code_scripts`."""


def session_key(cookie_hash: str) -> str:
    """Return the key of a session."""
    return f"s:{cookie_hash}"


def sessions_of(user: str) -> str:
    """Return the key of the index of a user's sessions."""
    return f"u:{user}"


def consents_of(user: str) -> str:
    """Return the key of a user's consents; no name has a colon, so that it is nobody's index."""
    return f"u:{user}:consents"


def codes_of(user: str) -> str:
    """Return the key of the index of a user's codes."""
    return f"g:c:{user}"
