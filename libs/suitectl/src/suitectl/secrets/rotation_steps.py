"""What the rotations share: the running suite as they see it, and how it gets the identities."""

from typing import Protocol

from suitectl.reporter import Reporter
from suitectl.secrets.generated import REGISTERED_KEY
from suitectl.secrets.mounted import CAS
from suitectl.secrets.stored import Secret, StoredSecrets


class Suite(Protocol):
    """The running suite, as far as secrets go. The waits raise `CommandFailedError`."""

    async def is_deployed(self) -> bool:
        """Tell whether there is a suite that the secrets count for."""

    async def apply(self, secret: Secret) -> None:
        """Replace a Secret."""

    async def await_mounted(self, service: str, key: str, text: str) -> None:
        """Return once every pod of a service has this text under a key of its Secret."""

    async def await_accepted(self, client: str, secret: str) -> None:
        """Return once every replica of cas-server takes a client's secret."""


async def register(stored: StoredSecrets, suite: Suite, reporter: Reporter) -> None:
    """Have every cas-server mount the identities as they are stored."""
    await suite.apply(stored.registered)
    await suite.await_mounted(CAS, REGISTERED_KEY, stored.registered["stringData"][REGISTERED_KEY])
    reporter.good(f"every {CAS} has the identities")
