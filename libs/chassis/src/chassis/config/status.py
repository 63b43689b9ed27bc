"""How reloading fares: what the metrics tell."""

from dataclasses import dataclass, field


def _no_reloads() -> dict[tuple[str, str], int]:
    """Start every series at 0, so that the first increase is seen as one."""
    reasons = ("read", "parse", "invalid", "listener", "error")
    return {
        ("success", "change"): 0,
        ("success", "restart"): 0,
        ("skipped", "strategy"): 0,
        **{("failure", reason): 0 for reason in reasons},
    }


@dataclass(slots=True)
class ReloadStatus:
    """The state of reloading; durations in seconds, `pending_hash` empty where nothing waits."""

    last_successful: bool = True
    pending_hash: str = ""
    watch_mode: str = "off"
    restart_required: bool = False
    durations_count: int = 0
    durations_sum: float = 0.0
    counts: dict[tuple[str, str], int] = field(default_factory=_no_reloads)

    def succeeded(self, reason: str, took: float) -> None:
        """Note a change that was taken."""
        self.settled()
        self._count("success", reason, took)

    def failed(self, reason: str, took: float) -> None:
        """Note a change that was refused."""
        self.last_successful = False
        self._count("failure", reason, took)

    def skipped(self, took: float) -> None:
        """Note a good change that the strategy leaves for the next start."""
        self.last_successful = self.restart_required = True
        self._count("skipped", "strategy", took)

    def settled(self) -> None:
        """Note that what is mounted is what is active."""
        self.last_successful, self.pending_hash = True, ""

    def _count(self, result: str, reason: str, took: float) -> None:
        self.counts[result, reason] += 1
        self.durations_count += 1
        self.durations_sum += took
