"""Who is told of a change: all prepare, then the swap, then all commit."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import anyio
import structlog

from chassis.config.errors import ConfigError

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
