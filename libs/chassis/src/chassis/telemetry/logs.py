"""JSON logs on standard output: ours and those of the libraries, secrets struck out."""

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
"""Characters, all ASCII. containerd, CRI-O and Docker split longer lines, and no half is JSON."""

_LIMITS = (4096, 1024, 256, 64, 16)
"""To how many characters values are cut, the first that will do."""

_json = JSONRenderer()


def render(logger: Any, name: str, event: MutableMapping[str, Any]) -> str | bytes:
    """Write an event as JSON (structlog); where it is too long, the middles of values go."""
    line = _json(logger, name, event)
    for limit in _LIMITS:
        if len(line) <= MAX_LINE:
            break
        line = _json(logger, name, {key: _cut(value, limit) for key, value in event.items()})
    return line


def _cut(value: Any, limit: int) -> Any:
    """Leave both ends: a traceback begins with the place and ends with the reason."""
    if isinstance(value, int | float | None):
        return value
    text = value if isinstance(value, str) else repr(value)
    return text if len(text) <= limit else f"{text[: limit // 2]}…{text[-limit // 2 :]}"


# The chassis itself says of starts, stops and calls what matters; uvicorn warns of each malformed
# request, which is the sender's to decide how often.
_QUIET = {"uvicorn": "ERROR", "httpx": "WARNING", "chassis.access": "WARNING"}
# Spring's names beside Python's. YAML 1.1 reads an unquoted `off` as false: Spring takes either.
_OFF = logging.CRITICAL + 10
_SPRING = {"TRACE": logging.DEBUG, "FATAL": logging.CRITICAL, "OFF": _OFF, "FALSE": _OFF}
# Loggers whose level was set by name, so that a name that leaves the configuration is unset.
_raised: set[str] = set()


def configure_logs(service: str) -> None:
    """Send every log line of this process to standard output as one JSON object."""
    before: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        _Named(service),
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
    """Set `logging.level`: by logger name, `root` for all the rest; INFO where nothing is said.

    The audit log has a level of its own, whatever is said: nobody turns it off by the way.
    """
    for name in _raised:
        logging.getLogger(name).setLevel(logging.NOTSET)
    _raised.clear()
    logging.root.setLevel(_level(levels.get("root", "INFO")))
    for name, level in {**_QUIET, **levels, audit.LOGGER: "INFO"}.items():
        if name != "root":
            logging.getLogger(name).setLevel(_level(level))
            _raised.add(name)


class _Named:
    """Adds the service and, within a request, its trace."""

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
    """Return a level by its name, Spring's names included; INFO for an unknown one."""
    known = {**logging.getLevelNamesMapping(), **_SPRING}
    return known.get(name.upper(), logging.INFO)
