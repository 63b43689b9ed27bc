"""`suitectl rotate`: renew a client's secret while everything runs, in two steps.

The first makes the new secret count beside the old one, at every replica of cas-server, before
the service that proves itself with it gets it. The second ends the old one, after every pod of
that service has the new one. So no call fails, whichever pod kubelet looks at first.
"""

import argparse
from pathlib import Path

from suitectl.kept_secrets import KeptSecrets
from suitectl.mounted_secrets import CAS, MountedSecrets
from suitectl.program import program_named
from suitectl.rotate_record_keys import retire_record_keys, rotate_record_keys
from suitectl.rotate_steps import Suite, Tell, register
from suitectl.secrets import CREDENTIALS_KEY, DIRECTORY, RECORD_KEYS
from suitectl.telling import Teller


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


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `rotate`."""
    parser = verbs.add_parser("rotate", help="renew a secret in the cluster, no call failing")
    parser.add_argument("--dir", type=Path, default=DIRECTORY)
    parser.add_argument("--name", required=True, help="a client, a user, or record-keys")
    parser.add_argument("--retire", action="store_true", help="end the client's older secret")
    parser.set_defaults(run=run)


async def run(options: argparse.Namespace) -> int:
    """Take one of the two steps, in the cluster of the current kubeconfig."""
    kept = KeptSecrets.load(options.dir)
    if options.name != RECORD_KEYS:
        kept.is_client(options.name)
    program = program_named("kubernetes")
    tell = Teller(program)
    if options.name == RECORD_KEYS:
        keys = retire_record_keys if options.retire else rotate_record_keys
        await keys(kept, MountedSecrets(program, tell), tell)
        return 0
    step = retire if options.retire else rotate
    await step(kept, options.name, MountedSecrets(program, tell), tell)
    return 0
