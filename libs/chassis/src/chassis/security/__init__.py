"""Who calls, and what they may: bearer tokens, token services, access rules."""

from chassis.security.authentication import Authentication, TokenServices
from chassis.security.errors import Unauthenticated
from chassis.security.rules import (
    CurrentAuthentication,
    Rule,
    any_of,
    authority,
    requires,
    scope,
)

__all__ = [
    "Authentication",
    "CurrentAuthentication",
    "Rule",
    "TokenServices",
    "Unauthenticated",
    "any_of",
    "authority",
    "requires",
    "scope",
]
