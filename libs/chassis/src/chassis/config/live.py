"""The live configuration: one immutable snapshot, swapped whole, or not at all."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Generic, Self, TypeVar

import anyio
import structlog

from chassis.config.errors import ConfigError
from chassis.config.settings import ServiceSettings, bind_settings
from chassis.config.source import ConfigSource, Loaded
from chassis.config.watch import changes

S = TypeVar("S", bound=ServiceSettings)

_log = structlog.get_logger("chassis.config")

Prepare = Callable[[Any], Awaitable[Any]]
Commit = Callable[[Any], None]


@dataclass(frozen=True, slots=True)
class Snapshot(Generic[S]):
    """One version of the configuration; `loaded_at` in Unix seconds."""

    settings: S
    profiles: tuple[str, ...]
    hash: str
    loaded_at: float
    ignored: tuple[str, ...] = ()
    """Names that have no effect here, never their values."""


@dataclass(slots=True)
class ReloadState:
    """What the metrics tell of reloads; durations in seconds."""

    last_successful: bool = True
    pending_hash: str = ""
    watch_mode: str = "none"
    restart_required: bool = False
    last_duration: float = 0.0
    counts: dict[tuple[str, str], int] | None = None

    def count(self, result: str, reason: str) -> None:
        """Count a reload by its result and the reason for it."""
        self.counts = self.counts or {}
        self.counts[result, reason] = self.counts.get((result, reason), 0) + 1


class LiveConfig(Generic[S]):
    """A configuration that follows its mounts: watch, validate, swap, or keep the last good."""

    def __init__(self, source: ConfigSource, settings_type: type[S], first: Snapshot[S]) -> None:
        self.source = source
        self.state = ReloadState()
        self._type = settings_type
        self._current = first
        self._hooks: list[tuple[Prepare | None, Commit]] = []
        self._on_restart: list[Callable[[], None]] = []
        self._seen = source.fingerprint()

    @classmethod
    def load(cls, source: ConfigSource, settings_type: type[S]) -> Self:
        """Read the configuration for the first time; raise `ConfigError`."""
        live = cls(source, settings_type, _snapshot(source, source.load(), settings_type))
        _log.info(_active_profiles(source.profiles))
        if ignored := live.current.ignored:
            _log.debug("settings without effect here", names=list(ignored))
        return live

    @classmethod
    def fixed(cls, settings: S, *, profiles: tuple[str, ...] = ()) -> Self:
        """Hold settings that never change: for tests."""
        snapshot = Snapshot(settings, profiles, "fixed", time.time())
        return cls(ConfigSource(name="fixed", profiles=profiles), type(settings), snapshot)

    @property
    def current(self) -> Snapshot[S]:
        """Return the active snapshot."""
        return self._current

    @property
    def settings(self) -> S:
        """Return the active settings; a request looks once and keeps what it got."""
        return self._current.settings

    def on_change(self, commit: Commit, *, prepare: Prepare | None = None) -> None:
        """Call `commit` after each swap, with the snapshot or with what `prepare` made of it.

        All prepares run before the swap; one that raises rejects the whole change.
        """
        self._hooks.append((prepare, commit))

    def on_restart(self, callback: Callable[[], None]) -> None:
        """Call back once a good change asks for a restart (`reload.strategy: restart`)."""
        self._on_restart.append(callback)

    async def run(self, stop: anyio.Event) -> None:
        """Follow the mounts until `stop` is set; the watcher is armed before its first look."""
        settings = self.settings.spring.cloud.kubernetes.reload
        if not settings.enabled or settings.strategy == "none":
            await stop.wait()
            return
        period = settings.period if settings.mode == "polling" else None
        async for mode in changes(self.source, stop, period=period):
            self.state.watch_mode = mode
            await self.look()

    async def look(self) -> None:
        """Reload if the mounts differ from what was read last."""
        seen = self.source.fingerprint()
        if seen == self._seen:
            return
        self._seen = seen
        _log.info("Detected change in config maps")
        began = time.perf_counter()
        try:
            await self._reload(began)
        except ConfigError as error:
            self._reject(error, began)

    async def _reload(self, began: float) -> None:
        loaded = await asyncio.to_thread(self._load_or_reject)
        if loaded.hash == self._current.hash:
            self.state.last_successful, self.state.pending_hash = True, ""
            return
        self.state.pending_hash = loaded.hash
        snapshot = await asyncio.to_thread(_snapshot, self.source, loaded, self._type)
        strategy = snapshot.settings.spring.cloud.kubernetes.reload.strategy
        _log.info(f"Reloading using strategy: {strategy.upper()}")
        if strategy == "restart":
            self._restart()
            return
        await self._swap(snapshot)
        self._succeeded(began)

    def _load_or_reject(self) -> Loaded:
        try:
            return self.source.load()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"can't be read: {error}") from error

    async def _swap(self, snapshot: Snapshot[S]) -> None:
        prepared = [await _prepared(prepare, snapshot) for prepare, _ in self._hooks]
        self._current = snapshot
        for (_, commit), value in zip(self._hooks, prepared, strict=True):
            _committed(commit, value)

    def _succeeded(self, began: float) -> None:
        state = self.state
        state.last_successful, state.pending_hash = True, ""
        state.last_duration = time.perf_counter() - began
        state.count("success", "change")
        _log.info(_active_profiles(self.source.profiles))
        _log.info("configuration reloaded", took_ms=round(state.last_duration * 1000, 1))

    def _reject(self, error: ConfigError, began: float) -> None:
        state = self.state
        state.last_successful = False
        state.last_duration = time.perf_counter() - began
        state.count("failure", "invalid")
        _log.error(
            f"configuration rejected, the last good one stays: {error}",
            file=error.file,
            line=error.line,
            key=error.key,
            reason=error.reason,
        )

    def _restart(self) -> None:
        self.state.restart_required = True
        self.state.count("success", "restart")
        for callback in self._on_restart:
            callback()


def _snapshot(source: ConfigSource, loaded: Loaded, settings_type: type[S]) -> Snapshot[S]:
    settings, ignored = bind_settings(source, loaded, settings_type)
    return Snapshot(settings, source.profiles, loaded.hash, time.time(), ignored)


async def _prepared(prepare: Prepare | None, snapshot: Snapshot[Any]) -> Any:
    if prepare is None:
        return snapshot
    try:
        return await prepare(snapshot)
    except ConfigError:
        raise
    except Exception as error:  # whatever it raises, the last good version stays
        _log.exception("a listener could not prepare for the change")
        raise ConfigError(f"a listener refused it: {type(error).__name__}") from error


def _committed(commit: Commit, value: Any) -> None:
    """Commit, and go on: what was swapped stays swapped for all the others."""
    try:
        commit(value)
    except Exception:  # noqa: BLE001 - one listener must not keep the others from the swap
        _log.exception("a listener failed after the change")


def _active_profiles(profiles: tuple[str, ...]) -> str:
    if not profiles:
        return "No active profile set, the default documents apply"
    return f"The following profiles are active: {','.join(profiles)}"
