"""The state of reloading, and the listeners that a change notifies."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeAlias, get_args

import anyio
import structlog

from chassis.config.errors import ConfigError, Kind


def _no_reloads() -> dict[tuple[str, str], int]:
    """Return a 0 for every series, so that `rate()` sees the first increase."""
    reasons = (*get_args(Kind), "error")
    return {
        ("success", "change"): 0,
        ("success", "restart"): 0,
        ("skipped", "strategy"): 0,
        **{("failure", reason): 0 for reason in reasons},
    }


@dataclass(slots=True)
class ReloadStatus:
    """The state of reloading; durations in seconds, `pending_hash` empty if nothing is pending.

    `refused` is the error of the last mounted configuration, if it is invalid.
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
        """Record an accepted change."""
        self.settled()
        self._count("success", reason, took)

    def failed(self, took: float, error: ConfigError | None = None) -> None:
        """Record a rejected change, or an internal error."""
        self.last_successful, self.refused = False, error
        self._count("failure", error.kind if error else "error", took)

    def skipped(self, took: float) -> None:
        """Record a valid change that takes effect at the next start (strategy `none`)."""
        self.last_successful = self.restart_required = True
        self.refused = None
        self._count("skipped", "strategy", took)

    def settled(self) -> None:
        """Record that the mounted configuration is active."""
        self.last_successful, self.pending_hash, self.refused = True, "", None

    def to_info(self) -> dict[str, Any]:
        """Return the state for `/info`: the place of an error, never a value."""
        info: dict[str, Any] = {"successful": self.last_successful}
        if self.pending_hash:
            info["pendingHash"] = self.pending_hash
        if not self.last_successful and self.refused is None:
            info["reason"] = "error"
        if (error := self.refused) is not None:
            info |= {"reason": error.kind, "file": error.file, "line": error.line}
            info["key"] = error.key
        return info

    def _count(self, result: str, reason: str, took: float) -> None:
        self.counts[result, reason] += 1
        self.durations_count += 1
        self.durations_sum += took


Prepare: TypeAlias = Callable[[Any], Awaitable[Any]]
Commit: TypeAlias = Callable[[Any], None]

_PREPARE_TIMEOUT_S = 10.0

_log = structlog.get_logger("chassis.config")


class Listeners:
    """The listeners, in order of registration: all prepare, then the swap, then all commit."""

    def __init__(self) -> None:
        self._hooks: list[tuple[Prepare | None, Commit]] = []

    def add(self, commit: Commit, prepare: Prepare | None) -> None:
        """Add a listener."""
        self._hooks.append((prepare, commit))

    async def prepare(self, snapshot: Any) -> list[Callable[[], None]]:
        """Return all prepared commits; raise `ConfigError` if a listener rejects the change."""
        return [
            _Ready(commit, await _prepared(prepare, snapshot)) for prepare, commit in self._hooks
        ]


class _Ready:
    """A commit and its prepared value."""

    def __init__(self, commit: Commit, value: Any) -> None:
        self._commit, self._value = commit, value

    def __call__(self) -> None:
        """Commit; an error does not stop the other listeners."""
        try:
            self._commit(self._value)
        except Exception:  # noqa: BLE001 - logged; the other listeners must still commit
            _log.exception("a listener failed after the change")


async def _prepared(prepare: Prepare | None, snapshot: Any) -> Any:
    if prepare is None:
        return snapshot
    try:
        with anyio.fail_after(_PREPARE_TIMEOUT_S):
            return await prepare(snapshot)
    except ConfigError:
        raise
    except Exception as error:  # any error keeps the last valid version
        _log.exception("a listener could not prepare for the change")
        reason = f"a listener could not prepare for it: {type(error).__name__}"
        raise ConfigError(reason, kind="listener") from error
