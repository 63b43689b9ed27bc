"""`suitectl rotate`: renew a secret or a key while everything runs."""

import argparse
from pathlib import Path

from suitectl.arguments import MAX_SECONDS, amount
from suitectl.errors import CommandFailedError
from suitectl.platform.kubernetes import Kubernetes
from suitectl.reporter import Reporter
from suitectl.secrets.generated import DIRECTORY, RECORD_KEYS
from suitectl.secrets.mounted import MountedSecrets
from suitectl.secrets.record_key_rotation import retire_record_keys, rotate_record_keys
from suitectl.secrets.rotation import retire, rotate
from suitectl.secrets.signing_key_rotation import KEYS, LEAD_S, rotate_signing_keys
from suitectl.secrets.signing_keys import SigningKeys
from suitectl.secrets.stored import StoredSecrets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--dir", type=Path, default=DIRECTORY)
    parser.add_argument("--name", help="a client, a user, record-keys, or keys")
    parser.add_argument("--retire", help="the client whose older secret ends, or record-keys")
    parser.add_argument("--signs-in", help=f"seconds until new keys sign, by default {LEAD_S:g}")


async def run(options: argparse.Namespace) -> int:
    """Take one of the two steps, in the cluster of the current kubeconfig."""
    name = _name(options)
    if name == KEYS:
        return await _rotate_keys(options)
    stored = StoredSecrets.load(options.dir)
    if name != RECORD_KEYS:
        stored.is_client(name)
    platform = Kubernetes()
    reporter = Reporter(platform.name)
    if name == RECORD_KEYS:
        keys = retire_record_keys if options.retire else rotate_record_keys
        await keys(stored, MountedSecrets(platform, reporter), reporter)
        return 0
    step = retire if options.retire else rotate
    await step(stored, name, MountedSecrets(platform, reporter), reporter)
    return 0


def _name(options: argparse.Namespace) -> str:
    """Return what is renewed; raise `CommandFailedError` unless exactly one step is asked for."""
    if options.name and options.retire:
        both = f"ROTATE={options.name} RETIRE={options.retire}"
        raise CommandFailedError(f"{both}: are two steps; give ROTATE first, and RETIRE afterwards")
    name = options.name or options.retire
    if not name:
        raise CommandFailedError(f"ROTATE is missing; SIGNS_IN is for ROTATE={KEYS}")
    if options.signs_in and name != KEYS:
        raise CommandFailedError(f"SIGNS_IN={options.signs_in}: is for ROTATE={KEYS} alone")
    return str(name)


async def _rotate_keys(options: argparse.Namespace) -> int:
    """Publish new signing keys, and remove those whose tokens have ended."""
    if options.retire:
        raise CommandFailedError(f"a rotation removes old keys itself: make secrets ROTATE={KEYS}")
    lead = amount("SIGNS_IN", options.signs_in, LEAD_S, most=MAX_SECONDS)
    platform = Kubernetes()
    reporter = Reporter(platform.name)
    suite = MountedSecrets(platform, reporter)
    keys = SigningKeys.load(options.dir)
    await rotate_signing_keys(keys, suite, reporter, lead=lead)
    return 0
