"""The reference: what is alive, and what the next refresh is to do, in memory.

It knows the rules of docs/design/protocol.md and identities.md, and nothing of the code.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, NamedTuple

from chassis.jwt.compact import looks_like_jwt, read_jwt
from fuzz.token_states.identities import Client, Registered, User
from fuzz.token_states.world import Reply

ISSUER = "http://cas-server-service"
MOST_ACCESS = 5
"""Live access tokens of one family."""


class Span(NamedTuple):
    """The time (Unix seconds) at which something ends, known within two bounds."""

    first: float
    last: float

    def over(self, reply: Reply) -> bool | None:
        """Return whether it had ended for a response; None where it can't be told."""
        if reply.began >= self.last:
            return True
        return False if reply.ended < self.first else None


@dataclass(eq=False)
class Access:
    """An access token. `stored` ends with revocation and bounds, `void` with who it belongs to."""

    value: str = field(repr=False)
    client: str
    user: str | None
    scopes: tuple[str, ...]
    authorities: tuple[str, ...]
    audience: tuple[str, ...]
    ends: Span
    record_key: str = field(repr=False)
    family: "Family | None" = None
    stored: bool = True
    void: bool = False
    claims: Mapping[str, Any] | None = None
    """Those of its first check, which never change."""

    @property
    def key_id(self) -> str | None:
        """Return which key has signed it; None for an opaque one."""
        return read_jwt(self.value).key_id if looks_like_jwt(self.value) else None

    @property
    def of_login(self) -> tuple[str, ...]:
        """Return the names of the claims that say how its user logged in at a browser."""
        family = self.family
        is_by_code = family is not None and family.grant == "authorization_code"
        return ("auth_time", "acr") if is_by_code else ()

    def dead(self, reply: Reply) -> bool | None:
        """Return whether a check finds it dead; None where it can't be told."""
        return not self.stored or self.void or self.ends.over(reply)


class Refresh(NamedTuple):
    """A refresh token, and the record key of its MAC."""

    value: str
    record_key: str


@dataclass(eq=False)
class Family:
    """A family of refresh tokens, the newest last."""

    client: str
    user: str
    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    ends: Span
    record_key: str = field(repr=False)
    grant: str = "password"
    refreshes: list[Refresh] = field(default_factory=list, repr=False)
    accesses: list[Access] = field(default_factory=list)
    stored: bool = True
    void: bool = False
    response: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """That of the latest rotation, or of the login."""
    renewed_at: float = 0.0

    @property
    def alive(self) -> bool:
        """Return whether it goes on, its time aside."""
        return self.stored and not self.void

    def end(self) -> None:
        """End it with its access tokens."""
        self.stored = False
        for access in self.accesses:
            access.stored = False


@dataclass(eq=False)
class Held:
    """What a user has besides tokens: a session, a consent or a code (`people`)."""

    client: str
    user: str
    record_key: str = field(repr=False)
    stored: bool = True
    void: bool = False
    begins_family: ClassVar = False

    @property
    def alive(self) -> bool:
        """Return whether it goes on, its time aside."""
        return self.stored and not self.void


@dataclass
class Reference:
    """All that was issued, and what is registered."""

    known: Registered
    accesses: list[Access] = field(default_factory=list)
    families: list[Family] = field(default_factory=list)
    held: list[Held] = field(default_factory=list)

    def all(self) -> Iterator[Access | Family]:
        """Yield access tokens and families."""
        yield from self.accesses
        yield from self.families

    def newest(self, client: Client, user: User, *, alive: bool) -> Family | None:
        """Return the newest family that goes on, or the newest that has ended."""
        names = client.name, user.name
        found = [one for one in self.families if (one.client, one.user) == names]
        return next((one for one in reversed(found) if one.alive == alive), None)

    def void(self, ended: Callable[[Access | Family | Held], bool]) -> None:
        """End for good what an identity, or a record key, takes along."""
        for one in (*self.all(), *self.held):
            one.void = one.void or ended(one)

    def void_client(self, name: str) -> None:
        """End what a client has."""
        self.void(lambda one: one.client == name)

    def void_user(self, name: str) -> None:
        """End what a user has."""
        self.void(lambda one: one.user == name)

    def void_grants(self, client: str, grants: frozenset[str]) -> None:
        """End the families whose client loses their grant, or `refresh_token`, or has it back.

        A code ends with `refresh_token`, as it begins a family.
        """

        def rests_on(one: Access | Family | Held) -> set[str]:
            if isinstance(one, Held):
                return {"refresh_token"} if one.begins_family else set()
            family = _family_of(one)
            return {family.grant, "refresh_token"} if family else set()

        self.void(lambda one: one.client == client and bool(rests_on(one) & grants))

    def void_sealed_by(self, gone: Iterable[str]) -> None:
        """End what a record key that is gone has sealed."""
        keys = set(gone)
        self.void(lambda one: one.record_key in keys)

    def refusal_of_client(self, client: Client, grant: str) -> str | None:
        """Return the error of a token request, as far as it is the client's."""
        if not client.enabled:
            return "invalid_client"
        return None if grant in client.grants else "unauthorized_client"

    def refusal_of_login(self, client: Client, user: User, password: str) -> str | None:
        """Return the error of a login; None where it succeeds."""
        if refusal := self.refusal_of_client(client, "password"):
            return refusal
        good = user.exists and password == user.passwords[0].text
        return None if good else "invalid_grant"

    def outcome_of_refresh(self, family: Family, number: int, client: Client, scope: str) -> str:
        """Return `rotated`, `repeated`, `reused`, or the error of a refresh; its time aside."""
        if refusal := self.refusal_of_client(client, "refresh_token"):
            return refusal
        presented = family.refreshes[number]
        if presented.record_key not in self.known.record_keys:
            return "invalid_grant"
        if not family.stored or family.void or family.client != client.name:
            return "invalid_grant"
        wanted = set(scope.split())
        newest = len(family.refreshes) - 1
        if number == newest:
            return "rotated" if wanted <= set(family.scopes) else "invalid_scope"
        if number == newest - 1 and self.known.grace_s:
            first = set(family.response["scope"].split())
            return "repeated" if not wanted or wanted == first else "invalid_scope"
        return "reused"

    def issued(
        self, reply: Reply, client: Client, user: User | None, family: Family | None
    ) -> Access:
        """Enter an access token of a response, and end those that it takes the place of."""
        response, validity = reply.body, reply.body["expires_in"]
        access = Access(
            value=response["access_token"],
            client=client.name,
            user=user.name if user else None,
            scopes=tuple(response["scope"].split()),
            authorities=user.authorities if user else ("ROLE_CLIENT",),
            audience=client.kind.audience,
            ends=Span(math.ceil(reply.began + validity), math.ceil(reply.ended + validity)),
            record_key=self.known.record_keys[0],
            family=family,
        )
        self.accesses.append(access)
        if family is not None:
            family.accesses.append(access)
            for oldest in _over(family.accesses, MOST_ACCESS):
                oldest.stored = False
        of_client = [one for one in self.accesses if one.client == client.name]
        for oldest in _over(of_client, client.kind.tokens):
            oldest.stored = False
        return access

    def begun(self, reply: Reply, client: Client, user: User, grant: str = "password") -> Family:
        """Enter a family of a login, and end those that it takes the place of."""
        lives = client.kind.family_s
        family = Family(
            client=client.name,
            user=user.name,
            scopes=tuple(reply.body["scope"].split()),
            audience=client.kind.audience,
            ends=Span(int(reply.began) + lives, int(reply.ended) + lives),
            record_key=self.known.record_keys[0],
            grant=grant,
        )
        self.families.append(family)
        self.renewed(family, reply)
        names = client.name, user.name
        of_both = [one for one in self.families if (one.client, one.user) == names]
        for oldest in _over(of_both, client.kind.families):
            oldest.end()
        return family

    def renewed(self, family: Family, reply: Reply) -> None:
        """Enter the next refresh token of a family."""
        family.response, family.renewed_at = reply.body, reply.ended
        token = Refresh(reply.body["refresh_token"], self.known.record_keys[0])
        family.refreshes.append(token)

    def check_of(self, access: Access) -> Mapping[str, Any]:
        """Return check_token's response to a live token, without what cas-server alone knows."""
        return {
            "active": True,
            "client_id": access.client,
            **({"user_name": access.user} if access.user else {}),
            "authorities": list(access.authorities),
            "scope": list(access.scopes),
            "aud": list(access.audience),
        }

    def seen(self, access: Access, claims: Mapping[str, Any]) -> None:
        """Compare a check with the first one, which says when exactly the token ends."""
        if access.claims is None:
            assert access.ends.first <= claims["exp"] <= access.ends.last
            access.claims, access.ends = claims, Span(claims["exp"], claims["exp"])
        assert claims == access.claims

    def introspection_of(self, access: Access, *, dead: bool) -> Mapping[str, Any]:
        """Return the response of introspection (RFC 7662, 2.2)."""
        if dead or access.claims is None:
            return {"active": False}
        claims = dict(access.claims)
        user = claims.pop("user_name", None)
        return {
            **claims,
            "scope": " ".join(claims["scope"]),
            "sub": user or claims["client_id"],
            "iss": ISSUER,
            "nbf": claims["iat"],
            "token_type": "Bearer",
            **({"username": user} if user else {}),
        }


def _over(entered: list[Any], most: int) -> Iterator[Any]:
    """Yield the oldest of what is stored beyond a bound; what is void keeps its place."""
    stored = [one for one in entered if one.stored]
    yield from stored[: max(0, len(stored) - most)]


def _family_of(one: Access | Family) -> Family | None:
    return one if isinstance(one, Family) else one.family
