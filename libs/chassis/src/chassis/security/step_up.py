"""A rule about the login behind a token: how long ago, and how (RFC 9470).

    @router.post("/api/payments", dependencies=[requires(login(max_age=300))])

The authorization server says so of tokens of its code flow, by `auth_time` and `acr`. A caller
whose login is too old, or not of these kinds, gets a 401 that says what to ask for.
"""

import time
from dataclasses import dataclass

from chassis.security.authentication import Authentication
from chassis.security.errors import InsufficientUserAuthentication

_NUMBERS = (int, float)


@dataclass(frozen=True, slots=True)
class LoginRule:
    """Require a login of the user that is young enough, and of one of these kinds."""

    max_age: int | None
    acr_values: tuple[str, ...]

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return nothing: no scope replaces a login."""
        return ()

    def allows(self, caller: Authentication) -> bool:
        """Return whether the token is one of such a login; one that does not say is none."""
        if self.max_age is not None:
            at = caller.claims.get("auth_time", "")
            if type(at) not in _NUMBERS or time.time() - at > self.max_age:
                return False
        return not self.acr_values or caller.claims.get("acr") in self.acr_values

    def refusal(self) -> InsufficientUserAuthentication:
        """Return the error of a caller whom this rule does not allow."""
        return InsufficientUserAuthentication(self.acr_values, self.max_age)

    def __str__(self) -> str:
        age = "" if self.max_age is None else f" of the last {self.max_age} s"
        kinds = f" with acr `{'`, `'.join(self.acr_values)}`" if self.acr_values else ""
        return f"login{age}{kinds}"


def login(*acr_values: str, max_age: int | None = None) -> LoginRule:
    """Require a login at most `max_age` seconds ago, with one of these `acr` values, if any."""
    if max_age is None and not acr_values:
        raise ValueError("login() demands nothing: give it max_age, or acr values")
    return LoginRule(max_age, acr_values)
