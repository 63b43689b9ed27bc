"""How `suitectl rotate --name keys` renews what signs tokens, without a failed request.

Every cas-server publishes the new keys before the first one signs with them: their names have the
time from which on they sign. Old keys verify the tokens that they have signed until these end.
"""

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from suitectl.reporter import Reporter
from suitectl.secrets.mounted import CAS
from suitectl.secrets.signing_keys import SigningKeys, signs_from
from suitectl.secrets.stored import Secret


class Suite(Protocol):
    """The running suite's signing keys. The waits raise `CommandFailedError`."""

    async def is_deployed(self) -> bool:
        """Say whether a suite runs that uses the secrets."""

    async def signing_keys(self) -> Mapping[str, str]:
        """Return the files of the keys that the suite has."""

    async def apply(self, secret: Secret) -> None:
        """Replace a Secret."""

    async def await_mounted(self, service: str, key: str, text: str) -> None:
        """Return once every pod of a service has this text under a key of its Secret."""

    async def await_published(self, number: int) -> None:
        """Return once every cas-server publishes so many keys."""


KEYS = "keys"
LEAD_S = 600.0
"""Seconds from a rotation until the new keys sign: kubelet's minute, and caches of five minutes."""


async def rotate_signing_keys(
    keys: SigningKeys, suite: Suite, reporter: Reporter, *, lead: float = LEAD_S
) -> None:
    """Publish new keys; a repeated call continues an interrupted one. `lead` is in seconds."""
    deployed = await suite.is_deployed()
    if deployed and not keys.files:
        # Those of a development suite are in the cluster alone, and have signed tokens.
        keys.files = dict(await suite.signing_keys())
    if keys.to_come():
        reporter.say("new keys are there already: the rotation continues with them")
    else:
        await keys.add(time.time() + (lead if deployed and keys.files else 0))
    if removed := keys.remove_ended():
        reporter.good(f"{removed} keys are removed: their last tokens have ended")
    keys.save()
    if not deployed:
        reporter.say("nothing is deployed: make deploy applies them")
        return
    await suite.apply(keys.secret)
    newest = max(keys.files, key=signs_from)
    await suite.await_mounted(CAS, newest, keys.files[newest])
    await suite.await_published(len(keys.files))
    when = datetime.fromtimestamp(signs_from(newest), UTC)
    reporter.good(f"every {CAS} publishes the new keys; they sign from {when:%H:%M:%S} UTC on")
