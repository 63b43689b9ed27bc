"""How reloading fares: what the metrics tell."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias, get_args

import anyio
import structlog

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


Prepare: TypeAlias = Callable[[Any], Awaitable[Any]]
Commit: TypeAlias = Callable[[Any], None]

_PREPARE_TIMEOUT_S = 10.0

_log = structlog.get_logger("chassis.config")


class Listeners:
    """The listeners in the order they came."""

    def __init__(self) -> None:
        self._hooks: list[tuple[Prepare | None, Commit]] = []

    def add(self, commit: Commit, prepare: Prepare | None) -> None:
        """Add a listener."""
        self._hooks.append((prepare, commit))

    async def prepare(self, snapshot: Any) -> list[Callable[[], None]]:
        """Return every commit, ready to be called; raise `ConfigError` if one refuses."""
        return [
            _Ready(commit, await _prepared(prepare, snapshot)) for prepare, commit in self._hooks
        ]


class _Ready:
    """A commit with what was prepared for it."""

    def __init__(self, commit: Commit, value: Any) -> None:
        self._commit, self._value = commit, value

    def __call__(self) -> None:
        """Commit, and go on: what was swapped stays swapped for all the others."""
        try:
            self._commit(self._value)
        except Exception:  # noqa: BLE001 - logged; one listener must not keep the others waiting
            _log.exception("a listener failed after the change")


async def _prepared(prepare: Prepare | None, snapshot: Any) -> Any:
    if prepare is None:
        return snapshot
    try:
        with anyio.fail_after(_PREPARE_TIMEOUT_S):
            return await prepare(snapshot)
    except ConfigError:
        raise
    except Exception as error:  # whatever it raises, the last good version stays
        _log.exception("a listener could not prepare for the change")
        reason = f"a listener could not prepare for it: {type(error).__name__}"
        raise ConfigError(reason, kind="listener") from error
