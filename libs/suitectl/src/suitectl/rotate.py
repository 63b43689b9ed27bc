"""`suitectl rotate`: renew a client's secret while everything runs, in two steps.

The first makes the new secret count beside the old one, at every replica of cas-server, before
the service that proves itself with it gets it. The second ends the old one, after every pod of
that service has the new one. So no call fails, whichever pod kubelet looks at first.
"""

import argparse
from pathlib import Path
from typing import Protocol

from suitectl.kept_secrets import KeptSecrets, Secret
from suitectl.mounted_secrets import CAS, MountedSecrets
from suitectl.program import program_named
from suitectl.secrets import CREDENTIALS_KEY, DIRECTORY, REGISTERED_KEY
from suitectl.telling import Teller


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


class Tell(Protocol):
    """Says what was done."""

    def good(self, text: str) -> None:
        """Say what holds now."""

    def say(self, text: str) -> None:
        """Say what comes next."""


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
    await _register(kept, suite, tell)
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
        await _register(kept, suite, tell)
        tell.good(f"no {CAS} takes it any more")


async def _register(kept: KeptSecrets, suite: Suite, tell: Tell) -> None:
    await suite.apply(kept.registered)
    await suite.await_mounted(CAS, REGISTERED_KEY, kept.registered["stringData"][REGISTERED_KEY])
    tell.good(f"every {CAS} has the identities")


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
    parser.add_argument("--name", required=True, help="a client, or a user")
    parser.add_argument("--retire", action="store_true", help="end the client's older secret")
    parser.set_defaults(run=run)


async def run(options: argparse.Namespace) -> int:
    """Take one of the two steps, in the cluster of the current kubeconfig."""
    kept = KeptSecrets.load(options.dir)
    kept.is_client(options.name)
    program = program_named("kubernetes")
    tell = Teller(program)
    step = retire if options.retire else rotate
    await step(kept, options.name, MountedSecrets(program, tell), tell)
    return 0
