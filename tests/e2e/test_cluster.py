"""Scenarios that need a cluster: `make e2e PLATFORM=kubernetes`, all with SCENARIOS=all."""

import os
import time

import pytest
from story.restored import restored
from story.scenarios import SCENARIOS
from story.scenarios.killed import may_kill
from story.scenarios.report import Row
from story.scenarios.scenario import WHOLE_TABLE, Scenario

from sample_services import needs
from suitectl.platform.http import Request
from suitectl.platform.kubernetes import Kubernetes
from suitectl.story.cast import DIFF_NS_SERVICE, REST, REST_SERVICE
from suitectl.story.suite import Suite

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.timeout(900),
    pytest.mark.skipif(os.environ.get("PLATFORM") != "kubernetes", reason="needs a cluster"),
    needs(REST_SERVICE, DIFF_NS_SERVICE),
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=[scenario.name for scenario in SCENARIOS])
async def test_a_scenario_passes(
    suite: Suite, cluster: Kubernetes, early_token: str, rows: list[Row], scenario: Scenario
) -> None:
    """Run a scenario. A token issued before all of them is valid after each."""
    if not (scenario.smoke or WHOLE_TABLE):
        pytest.skip("part of SCENARIOS=all")
    if scenario.kills and not (WHOLE_TABLE or await _may_kill(cluster)):
        pytest.skip("kills a container: as root, where the nodes are")
    suite.reporter.title(scenario.title)
    began = time.monotonic()
    try:
        async with restored(cluster):
            seen = await scenario.play(suite, cluster)
        await _still_valid(suite, early_token)
    except BaseException as error:
        seen = f"{_reason(error)} ({_machine()})"
        rows.append(Row(scenario, seen, held=False, seconds=time.monotonic() - began))
        raise
    rows.append(Row(scenario, seen, held=True, seconds=time.monotonic() - began))


async def _may_kill(cluster: Kubernetes) -> bool:
    return any(may_kill(pod) for pod in await cluster.pods() if pod.ready)


def _reason(error: BaseException) -> str:
    """Return the first error, unwrapped from its exception groups."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return str(error)


def _machine() -> str:
    """Return how busy this machine is, since what others run on its cores may be the reason."""
    return f"load average {os.getloadavg()[0]:.0f} on {os.cpu_count()} cores"


async def _still_valid(suite: Suite, token: str) -> None:
    checked = await suite.post("/oauth/check_token", "rest-service", {"token": token})
    url = await suite.platform.url(*REST)
    used = await suite.http.send(Request("GET", f"{url}/api/me", bearer=token))
    suite.reporter.check(
        "a token issued earlier is valid", holds=checked.ok and used.ok, seen=checked.status
    )
