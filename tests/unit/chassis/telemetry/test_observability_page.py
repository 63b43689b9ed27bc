"""docs/design/style.md, "Tests": every metric and endpoint is named in the documentation."""

from pathlib import Path

from chassis import LiveConfig, ServiceSettings, create_app
from chassis.app.management import MANAGEMENT_PATHS
from chassis.telemetry.audit import AuditEvent

DOCS = Path(__file__).parents[4] / "docs"
PAGE = (DOCS / "observability.md").read_text()


def test_every_metric_is_documented() -> None:
    app = create_app(LiveConfig.fixed(ServiceSettings()), title="sample", version="1")
    families = app.state.chassis.registry.collect()
    own = {family.name for family in families if not family.name.startswith(("process", "python"))}

    assert {name for name in own if name not in PAGE} == set()


def test_every_management_path_is_documented() -> None:
    assert all(f"`{path}`" in PAGE for path in MANAGEMENT_PATHS)


def test_every_security_event_is_documented() -> None:
    page = (DOCS / "audit-log.md").read_text()
    assert [event for event in AuditEvent if f"| `{event}` |" not in page] == []
