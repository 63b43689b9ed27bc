"""Who calls, and what they may: bearer tokens, token services, access rules."""

from chassis.security.authentication import Authentication, TokenServices
from chassis.security.errors import InsufficientUserAuthentication, Unauthenticated
from chassis.security.rules import (
    CurrentAuthentication,
    Rule,
    any_of,
    authority,
    requires,
    scope,
)
from chassis.security.step_up import login

__all__ = [
    "Authentication",
    "CurrentAuthentication",
    "InsufficientUserAuthentication",
    "Rule",
    "TokenServices",
    "Unauthenticated",
    "any_of",
    "authority",
    "login",
    "requires",
    "scope",
]
