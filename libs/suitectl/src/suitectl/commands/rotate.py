"""`suitectl rotate`: renew a client's secret while everything runs, in two steps."""

import argparse
from pathlib import Path

from suitectl.platform.kubernetes import Kubernetes
from suitectl.reporter import Reporter
from suitectl.secrets.generated import DIRECTORY, RECORD_KEYS
from suitectl.secrets.mounted import MountedSecrets
from suitectl.secrets.record_key_rotation import retire_record_keys, rotate_record_keys
from suitectl.secrets.rotation import retire, rotate
from suitectl.secrets.stored import StoredSecrets


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--dir", type=Path, default=DIRECTORY)
    parser.add_argument("--name", required=True, help="a client, a user, or record-keys")
    parser.add_argument("--retire", action="store_true", help="end the client's older secret")


async def run(options: argparse.Namespace) -> int:
    """Take one of the two steps, in the cluster of the current kubeconfig."""
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
