"""How `suitectl rotate --name record-keys` renews what seals the records in Redis.

Every cas-server opens with the new key before the first one seals with it, and the old one opens
what it has sealed until that has ended: no token is lost.
"""

import asyncio

from suitectl.errors import CommandFailedError
from suitectl.secrets.generated import RECORD_KEYS, new_record_key
from suitectl.secrets.mounted import CAS
from suitectl.secrets.rotation_steps import Suite, Tell, register
from suitectl.secrets.stored import KeptSecrets

_READ_S = 2.0
"""What is mounted is read within a tenth of a second; this is for a busy node."""


async def rotate_record_keys(kept: KeptSecrets, suite: Suite, tell: Tell) -> None:
    """Have a new key seal; interrupted, the same goes on."""
    deployed = await suite.is_deployed()
    if not kept.record_keys:
        kept.set_record_keys([new_record_key()])
    elif len(kept.record_keys) == 1:
        kept.plain[RECORD_KEYS] = new_record_key()
        kept.set_record_keys([*kept.record_keys, kept.plain[RECORD_KEYS]])
    elif kept.record_keys[0] == kept.plain[RECORD_KEYS]:
        raise CommandFailedError(f"the old key opens still: make secrets RETIRE={RECORD_KEYS}")
    kept.save()
    if deployed:
        await register(kept, suite, tell)
        await asyncio.sleep(_READ_S)
    if len(kept.record_keys) > 1:
        older, newer = kept.record_keys
        kept.set_record_keys([newer, older])
        kept.save()
        if deployed:
            await register(kept, suite, tell)
    tell.good(f"a new key seals, {'at every ' + CAS if deployed else 'once it is deployed'}")
    tell.say(f"once refresh-token-validity has passed: make secrets RETIRE={RECORD_KEYS}")


async def retire_record_keys(kept: KeptSecrets, suite: Suite, tell: Tell) -> None:
    """Have the old key open nothing any more; what it had sealed is unknown then."""
    first, *others = kept.record_keys or [""]
    if not others or first != kept.plain.get(RECORD_KEYS):
        raise CommandFailedError(f"there is no old key: make secrets ROTATE={RECORD_KEYS}")
    kept.set_record_keys([first])
    kept.save()
    if await suite.is_deployed():
        await register(kept, suite, tell)
    tell.good("the old key is gone: what it has sealed is unknown")
