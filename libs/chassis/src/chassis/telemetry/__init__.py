"""Logs, metrics and traces."""

from chassis.telemetry.logs import configure_logs, set_levels
from chassis.telemetry.request_metrics import RequestMetrics
from chassis.telemetry.trace import Trace, current_trace

__all__ = ["RequestMetrics", "Trace", "configure_logs", "current_trace", "set_levels"]
