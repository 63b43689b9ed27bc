"""The machine: what is done to clients, users, keys and tokens, in any order."""

import itertools
import time
from typing import ClassVar, NamedTuple

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.stateful import (
    initialize,
    invariant,
    precondition,
    rule,
)

from fuzz.token_states.identities import (
    GRANTS,
    KINDS,
    Secret,
    registered,
)
from fuzz.token_states.keys import OfKeys
from fuzz.token_states.people import AtBrowsers
from fuzz.token_states.reference import Access, Family, Reference
from fuzz.token_states.world import pause

CLIENTS, USERS = st.sampled_from(sorted(KINDS)), st.sampled_from(("ann", "bob"))
SCOPES = st.sampled_from(("", "read", "write read"))
REPLICAS = st.integers(0, 1)
BACK = st.sampled_from((1, 1, 0, 2))
"""How far behind the newest refresh token the presented one is."""
PLACES = st.integers(0, 20)
RARELY = st.sampled_from((False, False, False, True))


class Which(NamedTuple):
    """A family of a client and a user: the newest that lives, or the newest that has ended."""

    client: str
    user: str
    alive: bool


FAMILIES = st.builds(Which, CLIENTS, USERS, RARELY.map(lambda rare: not rare))
CHANGES_OF_USERS = (
    *("blink", "disable", "enable", "enable", "delete"),
    *("new password", "old password", "promote"),
)
CHANGES_OF_CLIENTS = (
    *("blink", "disable", "enable", "enable"),
    *("replace secret", "second secret", "first secret"),
    *("password", "refresh_token", "all grants", "all grants"),
)
MOST_WAITS = 2
_GRACE_S = 50.0


class TokenStates(AtBrowsers, OfKeys):
    """One run has clients, users and keys of its own, on replicas that all runs share."""

    runs: ClassVar = itertools.count(1)
    waits = 0

    @initialize(grace_s=st.sampled_from((0, 60)))
    def register(self, grace_s: int) -> None:
        """Begin with two users and a client of each kind."""
        self.number = next(self.runs)
        self.known = registered(self.number, grace_s=grace_s)
        self.reference = Reference(self.known)
        self.configure()

    @rule(client=CLIENTS, user=USERS, scope=SCOPES, replica=REPLICAS, old=RARELY)
    def log_in(
        self, client: str, user: str, scope: str, replica: int, *, old: bool = False
    ) -> None:
        """Log in, now and then with the password before."""
        app, who = self.client(client), self.user(user)
        secret = who.passwords[1 if old else 0].text
        form = {"grant_type": "password", "username": who.name, "password": secret}
        reply = self.send("/oauth/token", form, app, scope, replica)
        if refusal := self.reference.refusal_of_login(app, who, secret):
            self.refused(reply, refusal)
            return
        assert reply.status == 200, reply
        refreshes = "refresh_token" in app.grants
        assert ("refresh_token" in reply.body) == refreshes
        family = self.reference.begun(reply, app, who) if refreshes else None
        self.issued(reply, app, who, family)

    @rule(client=CLIENTS, scope=SCOPES, replica=REPLICAS, times=st.sampled_from((1, 1, 7)))
    def issue(self, client: str, scope: str, replica: int, times: int) -> None:
        """Get tokens of the client's own."""
        app = self.client(client)
        for _ in range(times):
            form = {"grant_type": "client_credentials"}
            reply = self.send("/oauth/token", form, app, scope, replica)
            if refusal := self.reference.refusal_of_client(app, "client_credentials"):
                self.refused(reply, refusal)
            else:
                assert reply.status == 200, reply
                self.issued(reply, app)

    @rule(which=FAMILIES, scope=SCOPES, replica=REPLICAS, times=st.sampled_from((1, 1, 2, 7)))
    def refresh(self, which: Which, scope: str, replica: int, times: int) -> None:
        """Refresh, some times in a row."""
        if family := self.family(which, replica):
            for turn in range(times):
                self.present(family, 0, None, scope, (replica + turn) % 2)

    @rule(which=FAMILIES, back=BACK, scope=SCOPES, replica=REPLICAS)
    def present_an_earlier_one(self, which: Which, back: int, scope: str, replica: int) -> None:
        """Present a refresh token again, at the other replica."""
        if family := self.family(which, replica):
            for _ in range(back + 1 - len(family.refreshes)):
                self.present(family, 0, None, scope, replica)
            self.present(family, back, None, scope, 1 - replica)

    @rule(which=FAMILIES, back=BACK, client=CLIENTS, replica=REPLICAS)
    def present_as_any_client(self, which: Which, back: int, client: str, replica: int) -> None:
        """Present a refresh token by a client that it may not belong to."""
        if family := self.family(which, replica):
            self.present(family, back, client, "", replica)

    def present(
        self, family: Family, back: int, client: str | None, scope: str, replica: int
    ) -> None:
        """Present a refresh token that is so far behind the newest."""
        app = self.client(client) if client else self.known.clients[family.client]
        number = max(0, len(family.refreshes) - 1 - back)
        self.keep_away_from(family.ends.last)
        expected = self.reference.outcome_of_refresh(family, number, app, scope)
        form = {"grant_type": "refresh_token", "refresh_token": family.refreshes[number].value}
        reply = self.send("/oauth/token", form, app, scope, replica)
        over = family.ends.over(reply)
        if over is None or (expected == "repeated" and reply.ended - family.renewed_at > _GRACE_S):
            reject()
        if over and app.enabled and "refresh_token" in app.grants:
            expected = "invalid_grant"
        elif expected == "reused":
            family.end()
            expected = "invalid_grant"
        if expected == "repeated":
            assert reply.body == family.response, "a repeated refresh gets the first response"
        elif expected == "rotated":
            assert reply.status == 200, reply
            self.reference.renewed(family, reply)
            self.issued(reply, app, self.known.users[family.user], family)
        else:
            self.refused(reply, expected)

    @precondition(lambda self: self.reference.accesses)
    @rule(place=PLACES, client=st.none() | CLIENTS, replica=REPLICAS)
    def revoke(self, place: int, client: str | None, replica: int) -> None:
        """Revoke an access token, also by a client that it does not belong to."""
        access = self.access(place)
        app = self.client(client) if client else self.known.clients[access.client]
        reply = self.send("/oauth/revoke", {"token": access.value}, app, "", replica)
        if not app.enabled:
            self.refused(reply, "invalid_client")
        elif app.name == access.client:
            assert reply.status == 200, reply
            access.stored = False
        elif access.dead(reply) is False:
            self.refused(reply, "invalid_grant")

    @rule(which=FAMILIES, back=BACK, client=st.none() | CLIENTS, replica=REPLICAS)
    def revoke_family(self, which: Which, back: int, client: str | None, replica: int) -> None:
        """Revoke a family by any of its refresh tokens."""
        family = self.family(which, replica)
        if family is None:
            return
        # The store has a family for up to a second longer, and ends its tokens with it.
        if family.ends.last <= time.time() < family.ends.last + 1:
            pause(family.ends.last + 1)
        app = self.client(client) if client else self.known.clients[family.client]
        presented = family.refreshes[max(0, len(family.refreshes) - 1 - back)]
        reply = self.send("/oauth/revoke", {"token": presented.value}, app, "", replica)
        known = {presented.record_key, family.record_key} <= {*self.known.record_keys}
        if not app.enabled:
            self.refused(reply, "invalid_client")
        elif app.name == family.client:
            assert reply.status == 200, reply
            if known and family.ends.over(reply) is not True:
                family.end()
        elif known and family.alive and family.ends.over(reply) is False:
            self.refused(reply, "invalid_grant")

    @precondition(lambda self: self.waits < MOST_WAITS and self.next_end())
    @rule()
    def expire(self) -> None:
        """Wait until something ends by itself."""
        self.waits += 1
        pause(self.next_end() or 0)

    @rule(user=USERS, change=st.sampled_from(CHANGES_OF_USERS))
    def change_user(self, user: str, change: str) -> None:
        """Change a user."""
        who = self.user(user)
        existed = who.exists
        match change:
            case "disable" | "blink":
                who.enabled = False
            case "enable":
                who.enabled = who.configured = True
            case "delete":
                who.configured = False
            case "new password":
                who.passwords = [Secret.new(), who.passwords[0]]
            case "old password":
                who.passwords.reverse()
            case "promote":
                who.authorities = (*who.authorities, f"ROLE_{len(who.authorities)}")
        if existed and (not who.exists or change.endswith("password")):
            self.reference.void_user(who.name)
        self.configure()
        if change == "blink":
            self.change_user(user, "enable")

    @rule(client=CLIENTS, change=st.sampled_from(CHANGES_OF_CLIENTS))
    def change_client(self, client: str, change: str) -> None:
        """Change a client."""
        app = self.client(client)
        match change:
            case "disable" | "blink":
                app.enabled = False
            case "enable":
                app.enabled = True
            case "replace secret":
                app.secrets = [Secret.new()]
            case "second secret":
                app.secrets = [Secret.new(), app.secrets[0]]
            case "first secret":
                app.secrets = app.secrets[:1]
            case "password" | "refresh_token":
                app.grants -= {change}
                self.reference.void_grants(app.name, frozenset({change}))
            case "all grants":
                self.reference.void_grants(app.name, GRANTS - app.grants)
                app.grants = GRANTS
        if change in {"disable", "blink", "replace secret"}:
            self.reference.void_client(app.name)
        self.configure()
        if change == "blink":
            self.change_client(client, "enable")

    @invariant()
    def every_token_is_what_the_reference_says(self) -> None:
        """Check all tokens, at either replica in turn; now and then by the other endpoints."""
        for access in self.reference.accesses:
            self.turn += 1
            self.check(access, self.turn % 2)
            if self.turn % 10 == 0:
                self.introspected(access, self.turn // 10 % 2)
            if self.turn % 10 == 1 and access.user:
                self.identified(access, self.turn // 10 % 2)

    def teardown(self) -> None:
        """Refresh each family, and use each code, once more."""
        if hasattr(self, "reference"):
            for family in self.reference.families:
                self.present(family, 0, None, "", self.turn % 2)
            self.use_all_codes()

    def access(self, place: int) -> Access:
        """Return any access token; 0 is the newest."""
        return self.reference.accesses[-1 - place % len(self.reference.accesses)]

    def family(self, which: Which, replica: int) -> Family | None:
        """Return a family, for which its user logs in where there is none that lives."""
        app, who = self.client(which.client), self.user(which.user)
        if which.alive and not self.reference.newest(app, who, alive=True):
            self.log_in(which.client, which.user, "", replica)
        return self.reference.newest(app, who, alive=which.alive)
