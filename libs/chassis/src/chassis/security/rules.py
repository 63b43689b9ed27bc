"""Access rules, declared at the endpoint.

    @router.get("/api/admin", dependencies=[requires(scope("read"), authority("ROLE_ADMIN"))])

A caller must satisfy all rules of `requires`; `any_of` combines alternatives into one rule.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from fastapi import Depends, Request
from fastapi.openapi.models import HTTPBearer
from fastapi.security.base import SecurityBase

from chassis.errors import AccessDenied, ApiError, InsufficientScope
from chassis.security.authentication import Authentication
from chassis.security.errors import Unauthenticated
from chassis.security.filter import caller
from chassis.security.step_up import LoginRule

_LACKS_AUTHORITY = "The caller lacks a required authority"


class Rule(Protocol):
    """Allow or deny a caller."""

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return the scopes for the `scope` attribute of a 403 (RFC 6750 section 3)."""
        ...

    def allows(self, caller: Authentication) -> bool:
        """Return whether the caller has access."""
        ...


@dataclass(frozen=True, slots=True)
class ScopeRule:
    """Require a scope of the token."""

    name: str

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return the one scope."""
        return (self.name,)

    def allows(self, caller: Authentication) -> bool:
        """Return whether the token has the scope."""
        return self.name in caller.scopes


@dataclass(frozen=True, slots=True)
class AuthorityRule:
    """Require an authority (a role) of the user, or of the client if there is no user."""

    name: str

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return nothing: a scope does not replace an authority."""
        return ()

    def allows(self, caller: Authentication) -> bool:
        """Return whether the caller has the authority."""
        return self.name in caller.authorities


@dataclass(frozen=True, slots=True)
class AnyRule:
    """Allow what at least one alternative allows."""

    alternatives: tuple[Rule, ...]

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return the scopes of all alternatives."""
        return tuple(name for rule in self.alternatives for name in rule.scopes)

    def allows(self, caller: Authentication) -> bool:
        """Return whether an alternative allows the caller."""
        return any(rule.allows(caller) for rule in self.alternatives)


class _Bearer(SecurityBase):
    """The security scheme in the OpenAPI document."""

    # Not validated: that would build the validators of the document's models at each start.
    model = HTTPBearer.model_construct(description="An access token of the authorization server")
    scheme_name = "bearer"


@dataclass(frozen=True, slots=True)
class AccessCheck(_Bearer):
    """Apply rules to a request, as a FastAPI dependency."""

    rules: tuple[Rule, ...]

    async def __call__(self, request: Request) -> Authentication:
        """Return the caller; raise 401 without one, 403 for one without access."""
        found = caller(request.scope)
        if found is None:
            raise Unauthenticated
        refused = [rule for rule in self.rules if not rule.allows(found)]
        if refused:
            raise self._refusal(refused)
        return found

    def _refusal(self, refused: Sequence[Rule]) -> ApiError:
        """Return the error of a caller; a new login is asked for only where it is enough."""
        logins = [next(_logins(rule), None) for rule in refused]
        if logins[0] is not None and None not in logins:
            return logins[0].refusal()
        first = refused[logins.index(None)]
        return InsufficientScope(self.scopes) if first.scopes else AccessDenied(_LACKS_AUTHORITY)

    def errors(self) -> Iterator[ApiError]:
        """Yield the errors that a call may raise, for the OpenAPI document."""
        yield Unauthenticated()
        if self.scopes:
            yield InsufficientScope(self.scopes)
        if not all(rule.scopes or next(_logins(rule), None) for rule in self.rules):
            yield AccessDenied(_LACKS_AUTHORITY)
        for rule in self.rules:
            yield from (found.refusal() for found in _logins(rule))

    @property
    def scopes(self) -> tuple[str, ...]:
        """Return the distinct scopes of all rules."""
        return tuple(dict.fromkeys(name for rule in self.rules for name in rule.scopes))


def _logins(rule: Rule) -> Iterator[LoginRule]:
    """Yield the logins that would satisfy a rule."""
    if isinstance(rule, LoginRule):
        yield rule
    elif isinstance(rule, AnyRule):
        for alternative in rule.alternatives:
            yield from _logins(alternative)


def scope(name: str) -> ScopeRule:
    """Require the scope `name`."""
    return ScopeRule(name)


def authority(name: str) -> AuthorityRule:
    """Require the authority `name`, in full: `ROLE_ADMIN`, not `ADMIN`."""
    return AuthorityRule(name)


def any_of(*alternatives: Rule) -> AnyRule:
    """Combine alternatives into one rule."""
    return AnyRule(alternatives)


def requires(*rules: Rule) -> Any:
    """Return a dependency that requires every rule; without rules it allows any caller."""
    return Depends(AccessCheck(rules))


CurrentAuthentication = Annotated[Authentication, requires()]
"""The caller of the current request, for a handler's signature; without one it is a 401."""
