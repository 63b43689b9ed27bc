"""JSON logs on standard output, from services and libraries, with secrets redacted."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from structlog.processors import JSONRenderer

from chassis.telemetry import audit
from chassis.telemetry.redaction import redact
from chassis.telemetry.trace import current_trace

MAX_LINE = 16 * 1024
"""ASCII characters. containerd, CRI-O and Docker split longer lines, which breaks the JSON."""

_LIMITS = (4096, 1024, 256, 64, 16)
"""Characters to which values are truncated; the first limit that fits is used."""

_json = JSONRenderer()


def render(logger: Any, name: str, event: MutableMapping[str, Any]) -> str | bytes:
    """Render an event as JSON (structlog); truncate long values in the middle if needed."""
    line = _json(logger, name, event)
    for limit in _LIMITS:
        if len(line) <= MAX_LINE:
            break
        line = _json(logger, name, {key: _cut(value, limit) for key, value in event.items()})
    return line


def _cut(value: Any, limit: int) -> Any:
    """Keep both ends: a traceback starts with the place and ends with the reason."""
    if isinstance(value, int | float | None):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else f"{text[: limit // 2]}…{text[-limit // 2 :]}"


# The chassis logs starts, stops and calls itself. uvicorn warns of each malformed request, so
# that a sender could flood the log.
_QUIET = {"uvicorn": "ERROR", "httpx": "WARNING", "chassis.access": "WARNING"}
# Spring's level names. YAML 1.1 parses an unquoted `off` as false; Spring accepts both.
_OFF = logging.CRITICAL + 10
_SPRING = {"TRACE": logging.DEBUG, "FATAL": logging.CRITICAL, "OFF": _OFF, "FALSE": _OFF}
# Loggers with a configured level, to reset those that a reload removes.
_configured: set[str] = set()


def configure_logs(service: str) -> None:
    """Send every log line of this process to standard output as one JSON object."""
    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        _AddContext(service),
        structlog.processors.format_exc_info,
        redact,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=before,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.EventRenamer("message"),
            render,
        ],
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    logging.root.handlers = [handler]
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *before,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    set_levels({})


def set_levels(levels: Mapping[str, str]) -> None:
    """Set `logging.level` by logger name; `root` is all others, INFO by default.

    The level of the audit log is fixed, so that no setting disables it.
    """
    for name in _configured:
        logging.getLogger(name).setLevel(logging.NOTSET)
    _configured.clear()
    logging.root.setLevel(_level(levels.get("root", "INFO")))
    for name, level in {**_QUIET, **levels, audit.LOGGER: "INFO"}.items():
        if name != "root":
            logging.getLogger(name).setLevel(_level(level))
            _configured.add(name)


class _AddContext:
    """Add the service and, within a request, its trace id."""

    def __init__(self, service: str) -> None:
        self._service = service

    def __call__(
        self, _: Any, __: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        event["service"] = self._service
        trace = current_trace.get()
        if trace is not None:
            event["trace_id"] = trace.trace_id
        return event


def _level(name: str) -> int:
    """Return a level by its Python or Spring name; INFO if unknown."""
    known = {**logging.getLevelNamesMapping(), **_SPRING}
    return known.get(name.upper(), logging.INFO)
