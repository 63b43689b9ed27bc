"""JSON logs on standard output: ours and those of the libraries, secrets struck out."""

import logging
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog

from chassis.telemetry import audit
from chassis.telemetry.log_line import render
from chassis.telemetry.redaction import redact
from chassis.telemetry.trace import current_trace

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
