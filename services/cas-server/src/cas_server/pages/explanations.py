"""What went wrong, in the words of somebody who only wanted to log in."""

from collections.abc import Mapping
from typing import NamedTuple

from cas_server.errors import FormOutdated, LoginFailed, TooManyFailures
from cas_server.pages.times import waiting_time
from chassis.errors import ApiError, MethodNotAllowed, PayloadTooLarge, TemporarilyUnavailable
from chassis.security import Unauthenticated


class Explanation(NamedTuple):
    """A heading, what happened, and what to do."""

    title: str
    text: str


_UNAVAILABLE = Explanation(
    "Please try again in a moment",
    "We cannot reach something that we need for this. Nothing is wrong with your account.",
)
_BROKEN_LINK = Explanation(
    "This link does not work",
    "The application that sent you here made a mistake, so we stopped. Go back to it and try"
    " again. If it happens again, tell the people who run it.",
)
_OUTDATED = Explanation(
    "This page was open for too long",
    "To keep you safe, we did not use what was sent from it. Please go back and try again.",
)
_TOO_LARGE = Explanation("That was too much", "What was sent is larger than any form of ours.")


_BY_CLASS: Mapping[type[ApiError], Explanation] = {
    LoginFailed: Explanation("That did not work", "The user name or the password is wrong."),
    TemporarilyUnavailable: _UNAVAILABLE,
    FormOutdated: _OUTDATED,
    PayloadTooLarge: _TOO_LARGE,
    Unauthenticated: Explanation(
        "There is no page here", "What you are looking for may be in your account."
    ),
    MethodNotAllowed: Explanation("This page cannot do that", "Open it from a link."),
}


def explanation(error: ApiError) -> Explanation:
    """Return what to tell the user."""
    if isinstance(error, TooManyFailures):
        return Explanation("Too many attempts", f"{wait_of(error)} Then try again.")
    told = (text for kind, text in _BY_CLASS.items() if isinstance(error, kind))
    return next(told, _BROKEN_LINK)


def wait_of(error: ApiError) -> str:
    """Return the sentence that says how long to wait."""
    seconds = int(error.headers.get("Retry-After", "1"))
    return f"Please wait {waiting_time(seconds)}."
