"""Tokens, clients, users and keys in any order: two replicas and a reference say the same.

A round is some runs of a machine (hypothesis, `RuleBasedStateMachine`): logins, codes, consents
withdrawn, logouts, refreshes, reuse, revocations, expiry, disabled, deleted and changed clients and
users, and keys that rotate. A failed round prints its rules; repeated by its seed it is shrunk to
the fewest, which takes minutes.
"""

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from fuzz.conftest import Rounds
from fuzz.token_states.machine import TokenStates
from fuzz.token_states.world import running

RUNS, STEPS = 5, 40


@pytest.mark.timeout(900)  # for FUZZ_SECONDS, and for shrinking
def test_cas_server_is_what_the_reference_says(rounds: Rounds, tmp_path: Path) -> None:
    """docs/design/protocol.md, "Refresh tokens"; docs/design/identities.md, "Dead stays dead"."""
    rounds.weight = RUNS * STEPS
    wanted = settings(
        max_examples=RUNS,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        phases=(Phase.generate, *([Phase.shrink] if "FUZZ_SEED" in os.environ else [])),
        suppress_health_check=tuple(HealthCheck),
        report_multiple_bugs=False,
    )
    with running(tmp_path) as world:
        TokenStates.world = world
        for rng in rounds:
            run_state_machine_as_test(seed(rng.getrandbits(64))(TokenStates), settings=wanted)
