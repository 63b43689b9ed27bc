"""`suitectl rotate`: renew a secret or a key while everything runs."""

import argparse
from pathlib import Path

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
    parser.add_argument("--name", required=True, help="a client, a user, record-keys, or keys")
    parser.add_argument("--retire", action="store_true", help="end the client's older secret")
    parser.add_argument(
        "--signs-in", type=float, default=LEAD_S, help="seconds until new keys sign"
    )


async def run(options: argparse.Namespace) -> int:
    """Take one of the two steps, in the cluster of the current kubeconfig."""
    if options.name == KEYS:
        return await _rotate_keys(options)
    stored = StoredSecrets.load(options.dir)
    if options.name != RECORD_KEYS:
        stored.is_client(options.name)
    platform = Kubernetes()
    reporter = Reporter(platform.name)
    if options.name == RECORD_KEYS:
        keys = retire_record_keys if options.retire else rotate_record_keys
        await keys(stored, MountedSecrets(platform, reporter), reporter)
        return 0
    step = retire if options.retire else rotate
    await step(stored, options.name, MountedSecrets(platform, reporter), reporter)
    return 0


async def _rotate_keys(options: argparse.Namespace) -> int:
    """Publish new signing keys, and remove those whose tokens have ended."""
    if options.retire:
        raise CommandFailedError(f"a rotation removes old keys itself: make secrets ROTATE={KEYS}")
    platform = Kubernetes()
    reporter = Reporter(platform.name)
    suite = MountedSecrets(platform, reporter)
    keys = SigningKeys.load(options.dir)
    await rotate_signing_keys(keys, suite, reporter, lead=options.signs_in)
    return 0
