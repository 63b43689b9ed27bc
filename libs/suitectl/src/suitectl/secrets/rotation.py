"""Renews a client's secret while everything runs, in two steps.

The first makes the new secret count beside the old one, at every replica of cas-server, before
the service that proves itself with it gets it. The second ends the old one, after every pod of
that service has the new one. So no call fails, whichever pod kubelet looks at first.
"""

from suitectl.reporter import Reporter
from suitectl.secrets.generated import CREDENTIALS_KEY
from suitectl.secrets.mounted import CAS
from suitectl.secrets.rotation_steps import Suite, register
from suitectl.secrets.stored import StoredSecrets


async def rotate(stored: StoredSecrets, name: str, suite: Suite, reporter: Reporter) -> None:
    """Have a new secret of a client count beside the old one, or another password of a user."""
    deployed = await suite.is_deployed()
    if await stored.renew(name):
        stored.save()
        reporter.good(f"{name} has a new secret in {stored.directory}")
    else:
        reporter.good(f"{name} has a new secret already: the rotation goes on with it")
    if not deployed:
        reporter.say("nothing is deployed: make deploy applies it")
        return
    await register(stored, suite, reporter)
    if not stored.is_client(name):
        reporter.good(f"the tokens of {name} have ended with the old password")
        return
    await suite.await_accepted(name, stored.plain[name])
    reporter.good(f"every {CAS} takes it beside the old one")
    await _hand_over(stored, name, suite, reporter)
    reporter.say(f"next: make secrets RETIRE={name}")


async def retire(stored: StoredSecrets, name: str, suite: Suite, reporter: Reporter) -> None:
    """End a client's older secret, once nobody uses it any more."""
    stored.retire(name)
    deployed = await suite.is_deployed()
    if deployed and stored.credentials(name) is not None:
        await suite.await_mounted(name, CREDENTIALS_KEY, stored.plain[name])
    stored.save()
    reporter.good(f"the old secret of {name} is gone from {stored.directory}")
    if deployed:
        await register(stored, suite, reporter)
        reporter.good(f"no {CAS} takes it any more")


async def _hand_over(stored: StoredSecrets, name: str, suite: Suite, reporter: Reporter) -> None:
    credentials = stored.credentials(name)
    if credentials is None:
        reporter.say(f"give {name} its new secret: it stands in {stored.directory}")
        return
    await suite.apply(credentials)
    await suite.await_mounted(name, CREDENTIALS_KEY, stored.plain[name])
    reporter.good(f"every {name} uses it")
