"""Each security event is one line of the audit log and one count, even with logging off."""

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from redis import Redis

from cas_server.tokens.access_tokens import new_token, token_hash
from chassis.telemetry.audit import AuditEvent
from chassis.testing.service_process import ServiceProcess
from eventually import PATIENCE_S
from integration.cas_server.cas_process import cas_process
from integration.cas_server.world import BASIC
from redis_process import store
from suitectl.waiting import until

pytestmark = pytest.mark.anyio

TRACE = "0af7651916cd43dd8448eb211c80319c"
SENT = f"00-{TRACE}-b7ad6b7169203331-01"
COUNT = re.compile(r'^security_events_total\{event="(\w+)"\} ([0-9.]+)$', re.MULTILINE)


@pytest.fixture
def process(redis: int, identities: dict[str, object], tmp_path: Path) -> Iterator[ServiceProcess]:
    with Redis(port=redis) as tokens:
        tokens.flushdb()  # identities of earlier tests would count as changed
    settings = {
        **store(redis),
        "logging.level.root": "OFF",
        "logging.level.chassis.audit": "OFF",
        "logging.level.chassis.server": "INFO",
    }
    with cas_process(tmp_path, identities, settings) as running:
        yield running


async def post(
    cas: ServiceProcess,
    path: str,
    client: str,
    secret: str = "",
    traceparent: str = SENT,
    **form: str,
) -> Any:
    auth = (client, secret or BASIC[client])
    async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http:
        reply = await http.post(
            cas.url + path, data=form, auth=auth, headers={"traceparent": traceparent}
        )
    return reply.json()


async def log_in(cas: ServiceProcess, user: str = "alice", password: str = "") -> Any:
    form = {"grant_type": "password", "username": user, "password": password or BASIC[user]}
    return await post(cas, "/oauth/token", "demo-app", **form)


async def audit_log(cas: ServiceProcess) -> list[dict[str, Any]]:
    """End the process, check that the metrics match its audit log, and return the log."""
    async with httpx.AsyncClient(timeout=PATIENCE_S, trust_env=False) as http:
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
async def test_a_token_for_another_service_is_audited_with_both_audiences(
    process: ServiceProcess, endpoint: str
) -> None:
    """The calling service gets a 400 without a reason. The trace id links it to this log line."""
    grant = {"grant_type": "client_credentials"}
    token = (await post(process, "/oauth/token", "stock-service", **grant))["access_token"]
    await post(process, f"/oauth/{endpoint}", "order-service", token=token)
    (line,) = await audit_log(process)

    assert line["event_type"] == "token_refused"
    assert "aud" in line["reason"]
    assert (line["required_aud"], line["token_aud"]) == ("order-service", "stock-service")
    assert (line["client"], line["asked_by"]) == ("stock-service", "order-service")
    assert (line["address"], line["trace_id"]) == ("127.0.0.1", TRACE)
    assert token not in process.output


async def test_a_login_is_audited_once_and_a_client_token_is_not(
    process: ServiceProcess,
) -> None:
    """Clients get tokens all day. Those are ordinary requests, counted by the request metrics."""
    await log_in(process)
    await post(process, "/oauth/token", "demo-app", grant_type="client_credentials")
    (line,) = await audit_log(process)

    assert line["event_type"] == "login"
    assert line["level"] == "info"
    assert (line["user"], line["client"], line["address"]) == ("alice", "demo-app", "127.0.0.1")
    assert line["trace_id"] == TRACE


async def test_a_wrong_password_is_audited_once(process: ServiceProcess) -> None:
    await log_in(process, password="wr0ng")
    (line,) = await audit_log(process)

    assert line["event_type"] == "login_failed"
    assert (line["user"], line["client"], line["address"]) == ("alice", "demo-app", "127.0.0.1")
    assert line["trace_id"] == TRACE


async def test_an_unknown_user_name_is_not_logged(process: ServiceProcess) -> None:
    """People sometimes type a password as the user name."""
    await log_in(process, user="wr0ng", password="alice")
    await post(process, "/oauth/token", "wr0ng", "demo-app", grant_type="client_credentials")
    user, client = await audit_log(process)

    assert (user["event_type"], user["unknown"]) == ("login_failed", "user")
    assert (client["event_type"], client["unknown"]) == ("client_authentication_failed", "client")
    assert "user" not in user
    assert "client" not in client


@pytest.mark.parametrize("how", ["basic", "post"])
async def test_a_wrong_client_secret_is_audited_once(process: ServiceProcess, how: str) -> None:
    form = {"grant_type": "client_credentials"}
    given = {"client_id": "demo-app", "client_secret": "wr0ng"}
    async with httpx.AsyncClient(
        timeout=PATIENCE_S, trust_env=False, base_url=process.url, headers={"traceparent": SENT}
    ) as http:
        if how == "basic":
            await http.post("/oauth/token", data=form, auth=("demo-app", "wr0ng"))
        else:
            await http.post("/oauth/token", data={**form, **given})
    (line,) = await audit_log(process)

    assert line["event_type"] == "client_authentication_failed"
    assert (line["client"], line["address"]) == ("demo-app", "127.0.0.1")
    assert line["trace_id"] == TRACE


async def test_each_attempt_is_audited_as_a_failure_or_as_throttled(
    process: ServiceProcess,
) -> None:
    responses = [await log_in(process, password=f"wr0ng-{number}") for number in range(14)]
    lines = await audit_log(process)

    throttled = sum(response["error"] == "slow_down" for response in responses)
    assert throttled
    kinds = [line["event_type"] for line in lines]
    assert kinds == ["login_failed"] * (14 - throttled) + ["throttled"] * throttled
    assert all(line["user"] == "alice" and line["trace_id"] == TRACE for line in lines)


async def test_a_forged_record_is_audited_once_however_often_it_is_presented(
    process: ServiceProcess, redis: int
) -> None:
    token = new_token()
    with Redis(port=redis) as store:
        store.set(f"t:{token_hash(token)}", b"of another pod" * 10, ex=60)
    for _ in range(3):
        await post(process, "/oauth/check_token", "order-service", token=token)
    (line,) = await audit_log(process)

    assert line["event_type"] == "record_forged"
    assert line["trace_id"] == TRACE
    assert token not in process.output


async def test_each_forged_record_of_a_batch_has_the_trace_of_its_own_request(
    process: ServiceProcess, redis: int
) -> None:
    """Those that come while one batch is out are the next one."""
    tokens = {f"{number:032x}": new_token() for number in range(1, 16)}
    with Redis(port=redis) as store:
        for token in tokens.values():
            store.set(f"t:{token_hash(token)}", b"of another pod" * 10, ex=60)
        await post(process, "/oauth/check_token", "order-service", token="opens a connection")
        store.execute_command("CLIENT", "PAUSE", 200)
    async with asyncio.TaskGroup() as group:
        for trace, token in tokens.items():
            sent = SENT.replace(TRACE, trace)
            check = post(
                process, "/oauth/check_token", "order-service", traceparent=sent, token=token
            )
            group.create_task(check)
    lines = await audit_log(process)
    assert sorted(line["trace_id"] for line in lines) == sorted(tokens)


def only(lines: list[dict[str, Any]], event: AuditEvent) -> list[dict[str, Any]]:
    return [line for line in lines if line["event_type"] == event]


async def refresh(cas: ServiceProcess, token: str) -> Any:
    form = {"grant_type": "refresh_token", "refresh_token": token}
    return await post(cas, "/oauth/token", "demo-app", **form)


async def test_a_reused_refresh_token_is_audited_once(process: ServiceProcess) -> None:
    """The first reuse ended the family, so later ones are not events."""
    first = (await log_in(process))["refresh_token"]
    second = (await refresh(process, first))["refresh_token"]
    await refresh(process, second)
    responses = [await refresh(process, first) for _ in range(3)]
    lines = await audit_log(process)
    (line,) = only(lines, AuditEvent.REFRESH_REUSED)

    assert [response["error"] for response in responses] == ["invalid_grant"] * 3
    assert len(lines) == 2, "the login, and this"
    assert (line["user"], line["client"], line["address"]) == ("alice", "demo-app", "127.0.0.1")
    assert line["trace_id"] == TRACE
    assert not [token for token in (first, second) if token in process.output]


@pytest.mark.parametrize("kind", ["access_token", "refresh_token"])
async def test_a_revocation_is_audited_once(process: ServiceProcess, kind: str) -> None:
    """Revoking a token again, or an unknown token, is not an event."""
    token = (await log_in(process))[kind]
    for revoked in (token, token, "unknown"):
        await post(process, "/oauth/revoke", "demo-app", token=revoked)
    lines = await audit_log(process)
    (line,) = only(lines, AuditEvent.REVOKED)

    assert len(lines) == 2, "the login, and this"
    assert (line["user"], line["client"], line["address"]) == ("alice", "demo-app", "127.0.0.1")
    assert line["trace_id"] == TRACE
    assert token not in process.output


async def test_an_edit_audits_removed_identities_and_changed_secrets(
    process: ServiceProcess, identities: dict[str, Any], hashes: dict[str, str], tmp_path: Path
) -> None:
    clients = identities["clients"]
    clients["other-app"]["client-secret"] = [hashes["other-app"], hashes["alice"]]
    identities["users"]["alice"]["enabled"] = False
    fresh = tmp_path / "fresh"
    fresh.write_text(yaml.safe_dump(identities))
    fresh.rename(tmp_path / "application.yaml")

    async def both() -> bool:
        return "not_before_set" in process.output and "identity_changed" in process.output

    await until(both, what="both events", seconds=PATIENCE_S)
    lines = await audit_log(process)
    (ended,) = only(lines, AuditEvent.NOT_BEFORE)
    (changed,) = only(lines, AuditEvent.IDENTITY_CHANGED)

    assert len(lines) == 2
    assert ended["user"] == "alice"
    assert changed["client"] == "other-app"
    assert not [stored for stored in hashes.values() if stored in process.output]
