"""`make secrets ROTATE=keys`: new keys are everywhere before they sign, old ones go a day later."""

import argparse
import time
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from cas_server.signing.key_files import read_keys
from chassis.jwt.algorithms import ALGORITHMS
from suitectl.commands import rotate
from suitectl.errors import CommandFailedError
from suitectl.reporter import Reporter
from suitectl.secrets.signing_key_rotation import LEAD_S, rotate_signing_keys
from suitectl.secrets.signing_keys import KEPT_S, PREFIX, SigningKeys, signs_from
from suitectl.secrets.stored import Secret

pytestmark = pytest.mark.anyio


class Cluster:
    """Records what was applied and awaited."""

    def __init__(self, *, deployed: bool = True) -> None:
        self.deployed, self.applied, self.awaited = deployed, list[Secret](), list[str]()
        self.keys: dict[str, str] = {}

    async def is_deployed(self) -> bool:
        return self.deployed

    async def signing_keys(self) -> Mapping[str, str]:
        return self.keys

    async def apply(self, secret: Secret) -> None:
        self.applied.append(secret)

    async def await_mounted(self, service: str, key: str, text: str) -> None:
        assert self.applied[-1]["stringData"][key] == text
        self.awaited.append(f"{service} {key}")

    async def await_published(self, number: int) -> None:
        assert number == len(self.applied[-1]["stringData"])
        self.awaited.append("published")


def parsed(keys: SigningKeys) -> list[str]:
    """Read the files as cas-server does; return the algorithms, the earliest key first."""
    mounted = {name.removeprefix(PREFIX): SecretStr(pem) for name, pem in keys.files.items()}
    return [one.key.algorithm for one in read_keys(mounted)]


async def test_the_first_keys_sign_at_once(tmp_path: Path) -> None:
    keys, cluster = SigningKeys.load(tmp_path), Cluster()
    await rotate_signing_keys(keys, cluster, Reporter())
    assert sorted(parsed(keys)) == sorted(ALGORITHMS)
    assert not keys.to_come()
    assert SigningKeys.load(tmp_path).files == keys.files
    assert cluster.applied == [keys.secret]


async def test_new_keys_are_mounted_everywhere_before_they_sign(tmp_path: Path) -> None:
    # clock: the name of a key has a time; nothing is measured
    keys, cluster = SigningKeys(tmp_path, {}), Cluster()
    await keys.add(time.time() - 60)
    before = set(keys.files)
    await rotate_signing_keys(keys, cluster, Reporter())
    new = set(keys.files) - before
    assert len(new) == len(ALGORITHMS)
    assert all(signs_from(name) > time.time() + LEAD_S - 60 for name in new)
    mounted, published = cluster.awaited
    assert mounted.partition(" ")[2] in new
    assert published == "published"


async def test_keys_that_only_the_cluster_has_stay(tmp_path: Path) -> None:
    """Those of a development suite, whose tokens would die before their end."""
    # clock: the name of a key has a time; nothing is measured
    keys, cluster, made = SigningKeys(tmp_path, {}), Cluster(), SigningKeys(tmp_path, {})
    await made.add(time.time() - 60)
    cluster.keys = made.files
    await rotate_signing_keys(keys, cluster, Reporter())
    assert made.files.items() <= keys.files.items()
    assert len(keys.to_come()) == len(ALGORITHMS)


async def test_a_repeated_rotation_continues_the_interrupted_one(tmp_path: Path) -> None:
    # clock: the name of a key has a time; nothing is measured
    keys, cluster = SigningKeys(tmp_path, {}), Cluster()
    await keys.add(time.time() - 60)
    await rotate_signing_keys(keys, cluster, Reporter())
    before = dict(keys.files)
    await rotate_signing_keys(keys, cluster, Reporter())
    assert keys.files == before
    assert len(cluster.applied) == 2


async def test_a_key_goes_a_day_after_it_was_replaced(tmp_path: Path) -> None:
    # clock: the name of a key has a time; nothing is measured
    keys, now = SigningKeys(tmp_path, {}), int(time.time())
    ages = (3 * KEPT_S, KEPT_S + 60, KEPT_S - 60)
    for age in ages:
        await keys.add(now - age)
    assert keys.remove_ended() == len(ALGORITHMS)
    assert {signs_from(name) for name in keys.files} == {now - age for age in ages[1:]}


async def test_before_a_deployment_new_keys_sign_at_once(tmp_path: Path) -> None:
    # clock: the name of a key has a time; nothing is measured
    keys, cluster = SigningKeys(tmp_path, {}), Cluster(deployed=False)
    await keys.add(time.time() - 60)
    await rotate_signing_keys(keys, cluster, Reporter())
    assert not keys.to_come()
    assert cluster.applied == []


async def test_retiring_keys_says_that_a_rotation_does_it(tmp_path: Path) -> None:
    parser = argparse.ArgumentParser()
    rotate.add_arguments(parser)
    options = parser.parse_args(["--dir", str(tmp_path), "--retire", "keys"])
    with pytest.raises(CommandFailedError, match="ROTATE=keys"):
        await rotate.run(options)
