"""What clients do during a fault, by kind, and the verdict: nothing failed, and nothing is lost."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from story.patience import Patience
from suitectl.identities import login_client, public_client
from suitectl.platform.http import Reply, Request
from suitectl.story.cast import CAS, REST, REST_SERVICE
from suitectl.story.load import Tally, enough
from suitectl.story.signed_token import is_signed
from suitectl.story.suite import Suite

REQUESTS = "requests at rest-service"
LOGINS, LOGOUTS = "logins by the code flow, with the exchange of the code", "logouts"
REFRESHES, CHECKS = "refreshes", "checks at cas-server"
SIGNED, OPAQUE = "fresh JWTs at rest-service", "fresh opaque tokens at rest-service"
STEADY = (REQUESTS, LOGINS, REFRESHES, CHECKS)
"""What goes on all the time."""
KINDS = (*STEADY, LOGOUTS, SIGNED)
"""What has to be seen: a load without any of it shows nothing."""
STORED = 40
"""Logins that wait to be used again. cas-server keeps `max-families-per-user`, 100 by default."""

Tokens = Mapping[str, Any]


@dataclass(slots=True)
class Work:
    """The responses by kind, and what was issued and has to be valid until the end."""

    patience: Patience
    tallies: dict[str, Tally] = field(default_factory=lambda: {kind: Tally() for kind in KINDS})
    stored: deque[Tokens] = field(default_factory=deque, repr=False)
    issued: int = 0
    lost: list[str] = field(default_factory=list)

    def add(self, kind: str, reply: Reply) -> Reply:
        """Count a response."""
        self.tallies.setdefault(kind, Tally()).replies.append(reply)
        return reply

    async def goes_on(self) -> None:
        """Wait until more of everything was done; raise `TimeoutError` if nothing is for 30 s."""
        for kind in STEADY:
            await enough(self.tallies[kind], 2)

    async def use(self, suite: Suite, tokens: Tokens) -> None:
        """Check an access token at cas-server, and present it to rest-service."""
        token = tokens["access_token"]
        form = await suite.form("/oauth/check_token", REST_SERVICE, {"token": token})
        self.add(CHECKS, await suite.http.send(form))
        request = Request("GET", await suite.platform.url(*REST) + "/api/me", bearer=token)
        self.add(SIGNED if is_signed(token) else OPAQUE, await suite.http.send(request))

    async def store(self, suite: Suite, tokens: Tokens) -> None:
        """Store the tokens of a login, and use again those that were stored the longest."""
        self.stored.append(tokens)
        self.issued += 1
        if len(self.stored) > STORED:
            await self._again(suite, self.stored.popleft())

    async def verdict(self, suite: Suite) -> str:
        """Check that nothing failed and nothing that was issued is lost; return the counts."""
        for kind, tally in self.tallies.items():
            suite.reporter.check(
                f"none failed: {kind}",
                holds=bool(tally.replies) and not tally.failed,
                seen=tally.summary(),
            )
        while self.stored:
            await self._again(suite, self.stored.popleft())
        suite.reporter.check(
            f"of {self.issued} logins all tokens are valid, and can be refreshed",
            holds=self.issued > 0 and not self.lost,
            seen=f"lost: {len(self.lost)} {self.lost[:3] or ''}",
        )
        counts = "; ".join(f"0 of {len(t.replies):,} {kind}" for kind, t in self.tallies.items())
        served = f"; {self.patience.summary()}" if self.patience.seconds else ""
        return f"failed: {counts}; lost: 0 of {self.issued:,} logins{served}"

    async def _again(self, suite: Suite, tokens: Tokens) -> None:
        """Check the access token of a login, and refresh."""
        form = {"token": tokens["access_token"]}
        checked = await suite.post("/oauth/check_token", REST_SERVICE, form)
        replies = (checked, await refreshed(suite, tokens))
        self.lost += [f"{reply.status} {reply.body[:80]}" for reply in replies if not reply.ok]


async def refreshed(suite: Suite, tokens: Tokens) -> Reply:
    """Refresh as the client that has the tokens: that of the terminal, or of the password grant."""
    form = {"grant_type": "refresh_token", "refresh_token": str(tokens["refresh_token"])}
    if tokens.get("client") != public_client():
        return await suite.post("/oauth/token", login_client(), form)
    url = await suite.platform.url(*CAS) + "/oauth/token"
    return await suite.http.send(Request("POST", url, form={**form, "client_id": public_client()}))
