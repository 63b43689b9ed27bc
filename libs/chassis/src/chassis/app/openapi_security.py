"""The security part of the OpenAPI document: how to get a token, and what `requires` demands."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from chassis.security.rules import AccessCheck, AnyRule, AuthorityRule, Rule
from chassis.security.step_up import LoginRule

BEARER = AccessCheck.scheme_name
OAUTH2 = "oauth2"
_DESCRIPTION = "Get an access token from the authorization server"

Requirement = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Demand:
    """Scopes, authorities and kinds of logins that are enough together."""

    scopes: tuple[str, ...] = ()
    authorities: tuple[str, ...] = ()
    logins: tuple[str, ...] = ()

    def __add__(self, other: "Demand") -> "Demand":
        """Return both demands as one."""
        return Demand(
            tuple(dict.fromkeys((*self.scopes, *other.scopes))),
            tuple(dict.fromkeys((*self.authorities, *other.authorities))),
            tuple(dict.fromkeys((*self.logins, *other.logins))),
        )

    def __str__(self) -> str:
        scopes = (f"scope `{name}`" for name in self.scopes)
        authorities = (f"authority `{name}`" for name in self.authorities)
        return " and ".join((*scopes, *authorities, *self.logins)) or "any token"


def demands(checks: Iterable[AccessCheck]) -> tuple[Demand, ...]:
    """Return the alternatives under which all checks allow a caller."""
    rules = [_alternatives(rule) for check in checks for rule in check.rules]
    return tuple(dict.fromkeys(sum(each, Demand()) for each in product(*rules)))


def _alternatives(rule: Rule) -> tuple[Demand, ...]:
    if isinstance(rule, AnyRule):
        return tuple(demand for one in rule.alternatives for demand in _alternatives(one))
    if isinstance(rule, AuthorityRule):
        return (Demand(authorities=(rule.name,)),)
    if isinstance(rule, LoginRule):
        return (Demand(logins=(f"a {rule}",)),)
    return (Demand(scopes=rule.scopes),)


def requirements(alternatives: Sequence[Demand], *, by_oauth2: bool) -> list[Requirement]:
    """Return an operation's `security`.

    OAuth2 has no word for an authority, so only the bearer scheme names it, as a role (OpenAPI 3.1,
    4.8.30).
    """
    found: list[Requirement] = [{OAUTH2: [*one.scopes]} for one in alternatives if by_oauth2]
    found += [{BEARER: [*one.scopes, *one.authorities]} for one in alternatives]
    return [one for at, one in enumerate(found) if one not in found[:at]]


def sentence(alternatives: Sequence[Demand]) -> str:
    """Return what the caller must have, for people; empty where any token is enough."""
    if Demand() in alternatives:
        return ""
    return f"Requires {', or '.join(map(str, alternatives))}."


def schemes(
    token_url: str | None,
    authorization_url: str | None,
    operations: Mapping[str, Sequence[Demand]],
) -> dict[str, Any]:
    """Return the security schemes; `operations` are the demands by operation id.

    Flows without `refreshUrl` are those in which no user takes part (RFC 6749, 4.4.3).
    """
    bearer = AccessCheck.model.model_dump(mode="json", by_alias=True, exclude_none=True)
    if token_url is None:
        return {BEARER: bearer}
    scopes = dict(sorted(_scopes(operations)))
    of_user = {"tokenUrl": token_url, "refreshUrl": token_url}
    flows: dict[str, dict[str, Any]] = {
        "password": of_user,
        "clientCredentials": {"tokenUrl": token_url},
    }
    if authorization_url is not None:
        flows["authorizationCode"] = {**of_user, "authorizationUrl": authorization_url}
    for flow in flows.values():
        flow["scopes"] = dict(scopes)  # its own: a service may add to those of one flow
    return {OAUTH2: {"type": "oauth2", "description": _DESCRIPTION, "flows": flows}, BEARER: bearer}


def _scopes(operations: Mapping[str, Sequence[Demand]]) -> Iterator[tuple[str, str]]:
    """Yield each scope with the operations that need it."""
    users: dict[str, list[str]] = {}
    for operation, alternatives in operations.items():
        for name in dict.fromkeys(name for one in alternatives for name in one.scopes):
            users.setdefault(name, []).append(operation)
    for name, used_by in users.items():
        yield name, f"for {', '.join(used_by)}"
