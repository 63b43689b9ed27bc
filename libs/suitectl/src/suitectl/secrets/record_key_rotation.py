"""How `suitectl rotate --name record-keys` renews what seals the records in Redis.

Every cas-server has the new key before the first one seals with it, and the old key opens the
records it has sealed until they expire: no token is lost.
"""

import asyncio

from suitectl.errors import CommandFailedError
from suitectl.reporter import Reporter
from suitectl.secrets.generated import RECORD_KEYS, new_record_key
from suitectl.secrets.mounted import CAS
from suitectl.secrets.rotation import Suite, register
from suitectl.secrets.stored import StoredSecrets

_READ_S = 2.0
"""A cas-server reads a changed mount within 0.1 s; a busy node may take longer."""


async def rotate_record_keys(stored: StoredSecrets, suite: Suite, reporter: Reporter) -> None:
    """Make a new key seal the records; a repeated call continues an interrupted one."""
    deployed = await suite.is_deployed()
    if not stored.record_keys:
        stored.set_record_keys([new_record_key()])
    elif len(stored.record_keys) == 1:
        stored.plain[RECORD_KEYS] = new_record_key()
        stored.set_record_keys([*stored.record_keys, stored.plain[RECORD_KEYS]])
    elif stored.record_keys[0] == stored.plain[RECORD_KEYS]:
        raise CommandFailedError(f"the old key is still in use: make secrets RETIRE={RECORD_KEYS}")
    stored.save()
    if deployed:
        await register(stored, suite, reporter)
        await asyncio.sleep(_READ_S)
    if len(stored.record_keys) > 1:
        older, newer = stored.record_keys
        stored.set_record_keys([newer, older])
        stored.save()
        if deployed:
            await register(stored, suite, reporter)
    reporter.good(f"a new key seals, {'at every ' + CAS if deployed else 'once it is deployed'}")
    reporter.say(f"once refresh-token-validity has passed: make secrets RETIRE={RECORD_KEYS}")


async def retire_record_keys(stored: StoredSecrets, suite: Suite, reporter: Reporter) -> None:
    """Remove the old key; the records that it sealed become unknown."""
    first, *others = stored.record_keys or [""]
    if not others or first != stored.plain.get(RECORD_KEYS):
        raise CommandFailedError(f"there is no old key: make secrets ROTATE={RECORD_KEYS}")
    stored.set_record_keys([first])
    stored.save()
    if await suite.is_deployed():
        await register(stored, suite, reporter)
    reporter.good("the old key is removed: the records that it sealed are unknown")
