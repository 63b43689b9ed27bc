"""The audit log and its metric."""

import asyncio
import json
from collections.abc import Callable
from itertools import count

import pytest
from fastapi import FastAPI
from prometheus_client import CollectorRegistry
from starlette.types import Receive, Scope, Send

from chassis import LiveConfig, ServiceSettings, create_app
from chassis.telemetry.audit import MAX_VALUE, AuditEvent, audit
from chassis.telemetry.logs import configure_logs, set_levels
from chassis.telemetry.security_events import LINES_PER_S, MAX_LINES, SecurityEvents
from chassis.testing import Serve

pytestmark = pytest.mark.anyio


Written = Callable[[], list[dict[str, object]]]


def counted(app: FastAPI, event: AuditEvent) -> float | None:
    registry: CollectorRegistry = app.state.chassis.registry
    return registry.get_sample_value("security_events_total", {"event": event.value})


def auditing(**fields: str) -> FastAPI:
    """Return an application that audits one failed login at each request to /login."""

    async def login(scope: Scope, receive: Receive, send: Send) -> None:
        del scope, receive
        audit(AuditEvent.LOGIN_FAILED, **fields)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body"})

    live = LiveConfig.fixed(ServiceSettings())
    return create_app(live, title="sample", version="1", fast_paths={"/login": login})


async def test_an_event_is_a_line_with_the_caller_and_the_trace(
    serve: Serve, written: Written
) -> None:
    client = await serve(auditing(user="alice", client="demo-app", address="10.0.0.1"))
    configure_logs("sample")
    response = await client.get("/login")
    (line,) = written()

    assert line["logger"] == "chassis.audit"
    assert line["level"] == "warning"
    assert line["event_type"] == "login_failed"
    assert (line["user"], line["client"], line["address"]) == ("alice", "demo-app", "10.0.0.1")
    assert line["trace_id"] == response.headers["traceresponse"][3:35]


async def test_each_application_counts_its_own_events(serve: Serve) -> None:
    first, second = auditing(), auditing()
    client, _ = await serve(first), await serve(second)
    for _ in range(3):
        await client.get("/login")

    assert counted(first, AuditEvent.LOGIN_FAILED) == 3
    assert counted(second, AuditEvent.LOGIN_FAILED) == 0, (
        "every series exists from the start, as rate() needs"
    )


async def test_events_of_a_reload_are_counted(serve: Serve) -> None:
    """No request is active; the task that watches the configuration knows its application."""
    live = LiveConfig.fixed(ServiceSettings())
    app = create_app(live, title="sample", version="1")
    seen = asyncio.Event()

    async def follow(stop: object) -> None:
        del stop
        audit(AuditEvent.IDENTITY_CHANGED, user="alice")
        seen.set()

    live.run = follow  # type: ignore[method-assign]  # a reload, at once
    await serve(app)
    await seen.wait()

    assert counted(app, AuditEvent.IDENTITY_CHANGED) == 1


@pytest.mark.parametrize(
    "levels",
    [
        {"root": "OFF"},
        {"chassis": "OFF"},
        {"chassis.audit": "OFF"},
        {"root": "ERROR", "chassis.audit": "ERROR"},
    ],
)
def test_no_log_level_silences_the_audit_log(written: Written, levels: dict[str, str]) -> None:
    configure_logs("sample")
    set_levels(levels)
    audit(AuditEvent.LOGIN, user="alice")
    audit(AuditEvent.LOGIN_FAILED, user="alice")
    lines = [line for line in written() if line["logger"] == "chassis.audit"]

    assert [line["event_type"] for line in lines] == ["login", "login_failed"]


@pytest.mark.bound("audit-value")
@pytest.mark.parametrize(
    "name", ["a" * 1_000_000, '\n{"logger":"chassis.audit"}\n' * 1_000, "ü" * 200]
)
def test_a_name_is_logged_on_one_line_with_bounded_length(written: Written, name: str) -> None:
    configure_logs("sample")
    audit(AuditEvent.LOGIN_FAILED, user=name, reason=name)
    (line,) = written()

    assert line["user"] == line["reason"] == name[:MAX_VALUE] + "…"


def test_control_characters_are_escaped(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("sample")
    audit(AuditEvent.LOGIN_FAILED, user="\x1b[2J\r\n\x00\u202e\ud800")
    text = capsys.readouterr().out

    assert text.count("\n") == 1
    assert text.isascii()
    assert text.rstrip("\n").isprintable()
    assert json.loads(text)["user"] == "\x1b[2J\r\n\x00\u202e\ud800"


def test_values_that_look_like_secrets_are_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs("sample")
    audit(AuditEvent.LOGIN_FAILED, user="x&password=hunter22", token="abcdefgh")

    assert "hunter22" not in (text := capsys.readouterr().out)
    assert "abcdefgh" not in text


@pytest.mark.bound("audit-lines")
def test_every_event_of_a_flood_is_counted_but_only_a_bounded_number_is_logged() -> None:
    clock = (now / 1000 for now in count())
    registry = CollectorRegistry()
    events = SecurityEvents(["flood", "other"], registry, clock=lambda: next(clock))
    observed = [events.observe("flood") for _ in range(60_000)]
    lines = [left_out for left_out in observed if left_out is not None]

    assert len(lines) == pytest.approx(MAX_LINES + 60 * LINES_PER_S, abs=2)
    assert len(lines) + sum(lines) == pytest.approx(60_000, abs=1000 / LINES_PER_S)
    assert registry.get_sample_value("security_events_total", {"event": "flood"}) == 60_000
    assert events.observe("other") == 0, "one event does not hide another"


def test_a_line_says_how_many_events_before_it_were_suppressed(written: Written) -> None:
    configure_logs("sample")
    now = 0.0
    events = SecurityEvents(AuditEvent, CollectorRegistry(), clock=lambda: now)
    with events.receiving():
        for _ in range(MAX_LINES + 7):
            audit(AuditEvent.THROTTLED)
        now = 1.0
        audit(AuditEvent.THROTTLED)

    *_, before, last = written()
    assert "left_out" not in before
    assert last["left_out"] == 7


def test_the_labels_of_the_metric_are_the_events() -> None:
    registry = CollectorRegistry()
    SecurityEvents(AuditEvent, registry)
    (family,) = registry.collect()
    totals = [sample for sample in family.samples if sample.name == "security_events_total"]

    assert {sample.labels["event"] for sample in totals} == set(AuditEvent)
    assert {frozenset(sample.labels) for sample in totals} == {frozenset(["event"])}
