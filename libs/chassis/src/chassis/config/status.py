"""How reloading fares: what the metrics tell."""

from dataclasses import dataclass, field
from typing import Any, get_args

from chassis.config.errors import ConfigError, Kind


def _no_reloads() -> dict[tuple[str, str], int]:
    """Start every series at 0, so that the first increase is seen as one."""
    reasons = (*get_args(Kind), "error")
    return {
        ("success", "change"): 0,
        ("success", "restart"): 0,
        ("skipped", "strategy"): 0,
        **{("failure", reason): 0 for reason in reasons},
    }


@dataclass(slots=True)
class ReloadStatus:
    """The state of reloading; durations in seconds, `pending_hash` empty where nothing waits.

    `refused` says why what was mounted last was not taken, where it is the configuration's fault.
    """

    last_successful: bool = True
    pending_hash: str = ""
    watch_mode: str = "off"
    restart_required: bool = False
    durations_count: int = 0
    durations_sum: float = 0.0
    counts: dict[tuple[str, str], int] = field(default_factory=_no_reloads)
    refused: ConfigError | None = None

    def succeeded(self, reason: str, took: float) -> None:
        """Note a change that was taken."""
        self.settled()
        self._count("success", reason, took)

    def failed(self, took: float, error: ConfigError | None = None) -> None:
        """Note a change that was refused, or that failed by a fault of ours."""
        self.last_successful, self.refused = False, error
        self._count("failure", error.kind if error else "error", took)

    def skipped(self, took: float) -> None:
        """Note a good change that the strategy leaves for the next start."""
        self.last_successful = self.restart_required = True
        self.refused = None
        self._count("skipped", "strategy", took)

    def settled(self) -> None:
        """Note that what is mounted is what is active."""
        self.last_successful, self.pending_hash, self.refused = True, "", None

    def described(self) -> dict[str, Any]:
        """Return what `/info` tells: where the mistake is, never what stands there."""
        told: dict[str, Any] = {"successful": self.last_successful}
        if self.pending_hash:
            told["pendingHash"] = self.pending_hash
        if not self.last_successful and self.refused is None:
            told["reason"] = "error"
        if (error := self.refused) is not None:
            told |= {"reason": error.kind, "file": error.file, "line": error.line}
            told["key"] = error.key
        return told

    def _count(self, result: str, reason: str, took: float) -> None:
        self.counts[result, reason] += 1
        self.durations_count += 1
        self.durations_sum += took
