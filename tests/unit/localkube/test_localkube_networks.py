"""Networks are claimed machine-wide, and no single user gets all of them."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import localkube
from eventually import PATIENCE_S
from localkube.engine.network.loopback_networks import LIMIT, NETWORKS, Claim, free, valid_claims
from localkube.errors import LocalkubeError

OTHER, ME = 4711, os.geteuid()
FIRST = NETWORKS.start


def _claims(owner: int | None, networks: range) -> list[Claim]:
    return [Claim(f"{owner}-{network}", network, owner) for network in networks]


def test_a_free_preferred_network_is_claimed() -> None:
    assert free([], 7) == free([], 7) == FIRST + 7
    assert free(_claims(OTHER, range(FIRST + 7, FIRST + 9)), 7) == FIRST + 9


@pytest.mark.bound("localkube-networks")
def test_a_claim_beyond_the_users_bound_is_refused() -> None:
    almost = range(FIRST, FIRST + LIMIT - 1)

    assert free(_claims(ME, almost), 0) == FIRST + LIMIT - 1
    with pytest.raises(LocalkubeError, match=f"the limit is {LIMIT}.*localkube down"):
        free(_claims(ME, range(FIRST, FIRST + LIMIT)), 0)


@pytest.mark.parametrize("owner", [OTHER, None])
def test_claims_beyond_the_bound_are_void(owner: int | None) -> None:
    """`None`: sockets with an unknown owner count as one user's."""
    all_of_them = _claims(owner, NETWORKS)

    assert {claim.network for claim in valid_claims(all_of_them)} == set(NETWORKS[:LIMIT])
    assert free(all_of_them, 0) == FIRST + LIMIT


def test_several_users_share_the_networks() -> None:
    held = [
        claim
        for number in range(len(NETWORKS) // LIMIT)
        for claim in _claims(OTHER + number, NETWORKS[number * LIMIT : (number + 1) * LIMIT])
    ]

    with pytest.raises(LocalkubeError, match=r"every 127\.x\.0\.0/16 is taken"):
        free(held, 0)


SCRIPT = """
import os, socket, subprocess, sys, time
from localkube.engine.network import loopback_networks as networks
subprocess.run(["ip", "link", "set", "lo", "up"], check=False)
ready, tell = os.pipe()
if not os.fork():
    os.setuid(65534)
    held = [networks.hold(network) for network in networks.NETWORKS]
    os.write(tell, b"x")
    time.sleep(60)
os.read(ready, 1)
mine = [networks.claim("a") for _ in range(3)]
print(len({network for _, network in mine}))
mine.pop()[0].close()
print(networks.claim("a")[1] in networks.NETWORKS)
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root for a network of its own")
@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs unshare")
def test_a_user_with_all_names_does_not_block_others() -> None:
    """This test runs in its own network namespace, because claims belong to one."""
    path = str(Path(localkube.__file__).parents[1])
    own = ["unshare", "--net", "--pid", "--fork", "--kill-child"]

    done = subprocess.run(
        [*own, sys.executable, "-c", SCRIPT],
        env={**os.environ, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["3", "True"]
