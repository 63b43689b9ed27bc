"""Renews a client's secret while everything runs, in two steps.

The first makes the new secret valid beside the old one, at every replica of cas-server, before
the service that authenticates with it gets it. The second removes the old one, after every pod of
that service has the new one. So no call fails, whichever pod kubelet syncs first.
"""

from typing import Protocol

from suitectl.catalogue import CREDENTIALS_KEY, REGISTERED_KEY
from suitectl.reporter import Reporter
from suitectl.secrets.mounted import CAS
from suitectl.secrets.stored import Secret, StoredSecrets


class Suite(Protocol):
    """The running suite's Secrets. The waits raise `CommandFailedError`."""

    async def is_deployed(self) -> bool:
        """Say whether a suite runs that uses the secrets."""

    async def apply(self, secret: Secret) -> None:
        """Replace a Secret."""

    async def await_mounted(self, service: str, key: str, text: str) -> None:
        """Return once every pod of a service has this text under a key of its Secret."""

    async def await_accepted(self, client: str, secret: str) -> None:
        """Return once every replica of cas-server accepts a client's secret."""


async def rotate(stored: StoredSecrets, name: str, suite: Suite, reporter: Reporter) -> None:
    """Make a new secret of a client valid beside the old one, or replace a user's password."""
    deployed = await suite.is_deployed()
    if await stored.renew(name):
        stored.save()
        reporter.good(f"{name} has a new secret in {stored.directory}")
    else:
        reporter.good(f"{name} has a new secret already: the rotation continues with it")
    if not deployed:
        reporter.say("nothing is deployed: make deploy applies it")
        return
    await register(stored, suite, reporter)
    if not stored.is_client(name):
        reporter.good(f"the tokens of {name} have ended with the old password")
        return
    await suite.await_accepted(name, stored.plain[name])
    reporter.good(f"every {CAS} accepts it beside the old one")
    await _hand_over(stored, name, suite, reporter)
    reporter.say(f"next: make secrets RETIRE={name}")


async def retire(stored: StoredSecrets, name: str, suite: Suite, reporter: Reporter) -> None:
    """Remove a client's older secret, once every pod uses the new one."""
    stored.retire(name)
    deployed = await suite.is_deployed()
    if deployed and stored.credentials(name) is not None:
        await suite.await_mounted(name, CREDENTIALS_KEY, stored.plain[name])
    stored.save()
    reporter.good(f"the old secret of {name} is removed from {stored.directory}")
    if deployed:
        await register(stored, suite, reporter)
        reporter.good(f"no {CAS} accepts it any more")


async def register(stored: StoredSecrets, suite: Suite, reporter: Reporter) -> None:
    """Apply the stored identities, and wait until every cas-server has mounted them."""
    await suite.apply(stored.registered)
    await suite.await_mounted(CAS, REGISTERED_KEY, stored.registered["stringData"][REGISTERED_KEY])
    reporter.good(f"every {CAS} has the identities")


async def _hand_over(stored: StoredSecrets, name: str, suite: Suite, reporter: Reporter) -> None:
    credentials = stored.credentials(name)
    if credentials is None:
        reporter.say(f"give {name} its new secret, which is in {stored.directory}")
        return
    await suite.apply(credentials)
    await suite.await_mounted(name, CREDENTIALS_KEY, stored.plain[name])
    reporter.good(f"every {name} uses it")
