"""Requests to the replicas, whose responses are compared with what the reference says."""

import json
import time
from collections.abc import Mapping
from typing import ClassVar

from hypothesis.stateful import RuleBasedStateMachine

from chassis.jwt.compact import read_jwt
from chassis.jwt.keys import read_key_set
from fuzz.token_states.identities import (
    CHECKER,
    SERVICES,
    STRANGER,
    Client,
    Registered,
    User,
)
from fuzz.token_states.reference import Access, Family, Reference
from fuzz.token_states.world import Reply, World, pause

_NEAR_S = 0.5


class Comparison(RuleBasedStateMachine):
    """What each rule asks, and compares."""

    world: ClassVar[World]
    known: Registered
    reference: Reference
    number: int
    turn = 0

    def client(self, name: str) -> Client:
        """Return a client of this run."""
        return self.known.clients[f"{name}-{self.number}"]

    def user(self, name: str) -> User:
        """Return a user of this run."""
        return self.known.users[f"{name}-{self.number}"]

    def configure(self) -> None:
        """Have both replicas follow what is registered."""
        self.world.apply(self.known.configuration())

    def send(
        self, path: str, form: Mapping[str, str], app: Client, scope: str, replica: int
    ) -> Reply:
        """Send a form by a client, with the oldest of its secrets."""
        more = {"scope": scope} if scope else {}
        credentials = app.name, app.secrets[-1].text
        return self.world.post(path, {**form, **more}, credentials, replica)

    def ask(self, path: str, access: Access, service: str, replica: int) -> Reply:
        """Ask about a token by a service."""
        credentials = service, SERVICES[service].text
        return self.world.post(path, {"token": access.value}, credentials, replica)

    def refused(self, reply: Reply, error: str) -> None:
        """Compare a refusal."""
        assert reply.body.get("error") == error, reply
        assert reply.status == (401 if error == "invalid_client" else 400)
        self.world.forget_failures()

    def issued(
        self, reply: Reply, app: Client, user: User | None = None, family: Family | None = None
    ) -> None:
        """Enter an access token, and verify the signature of a JWT."""
        access = self.reference.issued(reply, app, user, family)
        assert access.key_id == (self.known.signing.id if app.signs else None)
        if app.signs:
            jwt = read_jwt(access.value)
            published = read_key_set(json.dumps(self.world.get("/oauth/jwks", 0).body).encode())
            assert published.keys() == {one.id for one in self.known.signing_keys}
            assert published[jwt.key_id].verifies(jwt.signed, jwt.signature)

    def check(self, access: Access, replica: int) -> None:
        """Compare check_token's response; the first one never changes."""
        reply = self.ask("/oauth/check_token", access, CHECKER, replica)
        dead = access.dead(reply)
        if dead:
            self.refused(reply, "invalid_token")
        elif dead is False:
            assert reply.status == 200, (access, reply)
            fixed = self.reference.check_of(access)
            assert {name: reply.body.get(name) for name in fixed} == fixed
            assert reply.body.keys() - fixed.keys() == {"exp", "iat", "jti", *access.of_login}
            self.reference.seen(access, reply.body)

    def introspected(self, access: Access, replica: int) -> None:
        """Compare introspection, also by a service that the token is not for."""
        reply = self.ask("/oauth/introspect", access, CHECKER, replica)
        dead = access.dead(reply)
        assert reply.status == 200, reply
        if dead is not None:
            assert reply.body == self.reference.introspection_of(access, dead=dead)
        assert self.ask("/oauth/introspect", access, STRANGER, replica).body == {"active": False}

    def identified(self, access: Access, replica: int) -> None:
        """Compare the user endpoint."""
        reply = self.world.get("/api/v1/user", replica, Authorization=f"Bearer {access.value}")
        dead = access.dead(reply)
        if dead is not None:
            assert reply.status == (401 if dead else 200), (access, reply)
        if dead is False:
            assert reply.body["user"] == access.user

    def keep_away_from(self, end: float) -> None:
        """Wait until an end is over where it is so near that a request could be on either side."""
        if end - _NEAR_S <= time.time() < end:
            pause(end)

    def next_end(self) -> float | None:
        """Return when the next of the short-lived ends."""
        now = time.time()
        ends = [
            one.ends.last
            for one in self.reference.all()
            if one.stored and not one.void and now < one.ends.last < now + 10
        ]
        return min(ends, default=None)
