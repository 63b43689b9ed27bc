"""Each security event is one line of the audit log and one count, with the log at its quietest."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from chassis.telemetry.audit import AuditEvent
from integration.cas_server.cas_process import CasProcess, cas_process
from integration.cas_server.world import BASIC

pytestmark = pytest.mark.anyio

TRACE = "0af7651916cd43dd8448eb211c80319c"
SENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
COUNT = re.compile(r'^security_events_total\{event="(\w+)"\} ([0-9.]+)$', re.MULTILINE)


@pytest.fixture
def process(redis: int, identities: dict[str, object], tmp_path: Path) -> Iterator[CasProcess]:
    (tmp_path / "application.yaml").write_text(yaml.safe_dump(identities))
    settings = {
        "spring.data.redis.host": "127.0.0.1",
        "spring.data.redis.port": str(redis),
        "logging.level.root": "OFF",
        "logging.level.chassis.audit": "OFF",
        "logging.level.chassis.server": "INFO",
    }
    with cas_process(tmp_path, settings) as running:
        yield running


async def post(cas: CasProcess, path: str, client: str, secret: str = "", **form: str) -> Any:
    auth = (client, secret or BASIC[client])
    async with httpx.AsyncClient(trust_env=False) as http:
        reply = await http.post(cas.url + path, data=form, auth=auth, headers=SENT)
    return reply.json()


async def told(cas: CasProcess) -> list[dict[str, Any]]:
    """End the process; return its audit log, once it was seen to be counted as it is written."""
    async with httpx.AsyncClient(trust_env=False) as http:
        metrics = (await http.get(cas.management + "/metrics")).text
    assert cas.end() == 0
    lines = [json.loads(line) for line in cas.output.splitlines()]
    events = [line for line in lines if line["logger"] == "chassis.audit"]
    counts = {name: float(count) for name, count in COUNT.findall(metrics)}

    assert counts.keys() == set(AuditEvent)
    assert counts == {
        event: sum(line["event_type"] == event for line in events) for event in AuditEvent
    }
    assert not [secret for secret in (*BASIC.values(), "wr0ng") if secret in cas.output]
    return events


@pytest.mark.parametrize("endpoint", ["check_token", "introspect"])
async def test_a_token_for_another_service_is_told_with_both_audiences(
    process: CasProcess, endpoint: str
) -> None:
    """The service that asks gets a 400 without reasons: the trace id leads from there to here."""
    grant = {"grant_type": "client_credentials"}
    token = (await post(process, "/oauth/token", "diff-ns-service", **grant))["access_token"]
    await post(process, f"/oauth/{endpoint}", "rest-service", token=token)
    (line,) = await told(process)

    assert line["event_type"] == "token_refused"
    assert "aud" in line["reason"]
    assert (line["required_aud"], line["token_aud"]) == ("rest-service", "diff-ns-service")
    assert (line["client"], line["asked_by"]) == ("diff-ns-service", "rest-service")
    assert (line["address"], line["trace_id"]) == ("127.0.0.1", TRACE)
    assert token not in process.output
