"""Access rules that are readable where the endpoint is.

    @router.get("/api/admin", dependencies=[requires(scope("read"), authority("ROLE_ADMIN"))])

All rules of one `requires` must hold; `any_of` makes one rule of several alternatives.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from chassis.errors import AccessDenied, ApiError, InsufficientScope
from chassis.security.authentication import Authentication
from chassis.security.errors import Unauthenticated
from chassis.security.filter import caller

_LACKS_AUTHORITY = "The caller lacks an authority this needs"


class Rule(Protocol):
    """Decide on a caller, and say which scopes would have helped."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return the scopes to name in the `scope` attribute of a 403 (RFC 6750 section 3)."""
        ...

    def allows(self, caller: Authentication) -> bool:
        """Tell whether the caller may pass."""
        ...


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """Demand a scope of the token."""

    name: str

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return the one scope."""
        return (self.name,)

    def allows(self, caller: Authentication) -> bool:
        """Tell whether the token has the scope."""
        return self.name in caller.scopes


@dataclass(frozen=True, slots=True)
class AuthorityRule:
    """Demand an authority (a role) of the user, or of the client where there is no user."""

    name: str

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return nothing: no scope makes up for an authority."""
        return ()

    def allows(self, caller: Authentication) -> bool:
        """Tell whether the caller has the authority."""
        return self.name in caller.authorities


@dataclass(frozen=True, slots=True)
class AnyRule:
    """Let pass whom at least one of the alternatives lets pass."""

    alternatives: tuple[Rule, ...]

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return the scopes of all alternatives."""
        return tuple(name for rule in self.alternatives for name in rule.scopes)

    def allows(self, caller: Authentication) -> bool:
        """Tell whether an alternative lets the caller pass."""
        return any(rule.allows(caller) for rule in self.alternatives)


class _Bearer(SecurityBase):
    """How the OpenAPI document names what a caller needs."""

    model = HTTPBearer(description="An access token of the authorization server")
    scheme_name = "bearer"


@dataclass(frozen=True, slots=True)
class AccessCheck(_Bearer):
    """Apply rules to a request, as a FastAPI dependency."""

    rules: tuple[Rule, ...]

    async def __call__(self, request: Request) -> Authentication:
        """Return the caller, or raise 401 without one and 403 for one who may not."""
        found = caller(request.scope)
        if found is None:
            raise Unauthenticated
        refused = next((rule for rule in self.rules if not rule.allows(found)), None)
        if refused is None:
            return found
        if refused.scopes:
            raise InsufficientScope(scopes=self.scopes)
        raise AccessDenied(_LACKS_AUTHORITY)

    def errors(self) -> Iterator[ApiError]:
        """Yield what a call may raise, for the OpenAPI document."""
        yield Unauthenticated()
        if self.scopes:
            yield InsufficientScope(self.scopes)
        if not all(rule.scopes for rule in self.rules):
            yield AccessDenied(_LACKS_AUTHORITY)

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return every scope the rules name, once each."""
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.scopes))


def scope(name: str) -> ScopeRule:
    """Demand the scope `name`."""
    return ScopeRule(name)


def authority(name: str) -> AuthorityRule:
    """Demand the authority `name`, in full: `ROLE_ADMIN`, not `ADMIN`."""
    return AuthorityRule(name)


def any_of(*alternatives: Rule) -> AnyRule:
    """Make one rule that holds when any of the alternatives does."""
    return AnyRule(alternatives)


def requires(*rules: Rule) -> Any:
    """Return a dependency that lets pass whom every rule allows; without rules, any caller."""
    return Depends(AccessCheck(rules))


CurrentAuthentication = Annotated[Authentication, requires()]
"""The caller of this request, for a handler's signature; 401 on an open path without a token."""
