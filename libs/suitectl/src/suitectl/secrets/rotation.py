"""Renews a client's secret while everything runs, in two steps.

The first makes the new secret count beside the old one, at every replica of cas-server, before
the service that proves itself with it gets it. The second ends the old one, after every pod of
that service has the new one. So no call fails, whichever pod kubelet looks at first.
"""

from suitectl.secrets.generated import CREDENTIALS_KEY
from suitectl.secrets.mounted import CAS
from suitectl.secrets.rotation_steps import Suite, Tell, register
from suitectl.secrets.stored import KeptSecrets


async def rotate(kept: KeptSecrets, name: str, suite: Suite, tell: Tell) -> None:
    """Have a new secret of a client count beside the old one, or another password of a user."""
    deployed = await suite.is_deployed()
    if await kept.renew(name):
        kept.save()
        tell.good(f"{name} has a new secret in {kept.directory}")
    else:
        tell.good(f"{name} has a new secret already: the rotation goes on with it")
    if not deployed:
        tell.say("nothing is deployed: make deploy applies it")
        return
    await register(kept, suite, tell)
    if not kept.is_client(name):
        tell.good(f"the tokens of {name} have ended with the old password")
        return
    await suite.await_accepted(name, kept.plain[name])
    tell.good(f"every {CAS} takes it beside the old one")
    await _hand_over(kept, name, suite, tell)
    tell.say(f"next: make secrets RETIRE={name}")


async def retire(kept: KeptSecrets, name: str, suite: Suite, tell: Tell) -> None:
    """End a client's older secret, once nobody uses it any more."""
    kept.retire(name)
    deployed = await suite.is_deployed()
    if deployed and kept.credentials(name) is not None:
        await suite.await_mounted(name, CREDENTIALS_KEY, kept.plain[name])
    kept.save()
    tell.good(f"the old secret of {name} is gone from {kept.directory}")
    if deployed:
        await register(kept, suite, tell)
        tell.good(f"no {CAS} takes it any more")


async def _hand_over(kept: KeptSecrets, name: str, suite: Suite, tell: Tell) -> None:
    credentials = kept.credentials(name)
    if credentials is None:
        tell.say(f"give {name} its new secret: it stands in {kept.directory}")
        return
    await suite.apply(credentials)
    await suite.await_mounted(name, CREDENTIALS_KEY, kept.plain[name])
    tell.good(f"every {name} uses it")
