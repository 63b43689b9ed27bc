"""The live configuration: one immutable snapshot, replaced atomically."""

import functools
import random
import time
from collections.abc import Callable
from contextlib import aclosing
from typing import Any, Generic, Self, TypeVar

import anyio
import structlog

from chassis.config.errors import ConfigError, Kind
from chassis.config.mounts import changes
from chassis.config.reload import Commit, Listeners, Prepare, ReloadStatus
from chassis.config.settings import ServiceSettings
from chassis.config.snapshot import Snapshot, take_snapshot, waiting_for_restart
from chassis.config.source import ConfigSource, Mounted
from chassis.config.spring import ReloadSettings

__all__ = ["LiveConfig", "Snapshot"]

S = TypeVar("S", bound=ServiceSettings)
T = TypeVar("T")

LOAD_S = 30.0
"""Seconds to wait for a thread that loads; its CPU budget ends before."""
_THREADS = 2

_log = structlog.get_logger("chassis.config")


class LiveConfig(Generic[S]):
    """A configuration that watches its mounts, and swaps snapshots or keeps the last valid one."""

    def __init__(
        self,
        source: ConfigSource,
        settings_type: type[S],
        first: Snapshot[S],
        *,
        seen: object = None,
        digest: str = "",
    ) -> None:
        self.source = source
        self.status = ReloadStatus()
        self._type = settings_type
        self._started_with = first.settings
        self._current = first
        self._seen, self._digest = seen, digest
        self._places = source.directories()
        self._listeners = Listeners()
        self._on_restart: list[Callable[[], None]] = []
        self._restarting = False
        self._threads = anyio.CapacityLimiter(_THREADS)

    @classmethod
    def load(cls, source: ConfigSource, settings_type: type[S]) -> Self:
        """Load the configuration for the first time; raise `ConfigError`."""
        # Before reading, so that the first check detects a swap in between.
        seen = source.fingerprint()
        mounted = source.read()
        first = take_snapshot(source, mounted, settings_type)
        _log_snapshot(first, None)
        if first.ignored:
            _log.debug("settings without effect here", names=list(first.ignored))
        return cls(source, settings_type, first, seen=seen, digest=mounted.digest)

    @classmethod
    def fixed(cls, settings: S, *, profiles: tuple[str, ...] = ()) -> Self:
        """Return settings that never change, for tests."""
        name = settings.spring.application.name
        snapshot = Snapshot(settings, profiles, "fixed", time.time(), name=name)
        return cls(ConfigSource(name="fixed", profiles=profiles), type(settings), snapshot)

    @property
    def current(self) -> Snapshot[S]:
        """Return the active snapshot."""
        return self._current

    @property
    def settings(self) -> S:
        """Return the active settings; a request reads them once."""
        return self._current.settings

    def is_active(self, mounted: Mounted) -> bool:
        """Return whether these files are the active version, and no other one is pending."""
        return mounted.digest == self._digest and not self.status.pending_hash

    def on_change(self, commit: Commit, *, prepare: Prepare | None = None) -> None:
        """Call `commit` after each swap, with the snapshot or the result of `prepare`.

        All prepares run before the swap, 10 s each at most; an error in one rejects the change.
        """
        self._listeners.add(commit, prepare)

    def on_restart(self, callback: Callable[[], None]) -> None:
        """Call back once a valid change requires a restart (`reload.strategy: restart`)."""
        self._on_restart.append(callback)

    async def run(self, stop: anyio.Event) -> None:
        """Watch the mounts until `stop` is set; the watcher starts before the first check."""
        while not stop.is_set():
            reload = self._reload_settings
            if not reload.enabled or not self.source.mounts():
                self.status.watch_mode = "off"
                await stop.wait()
                return
            await self._watch(reload, stop)
            if self._restarting:
                await self._restart(stop)
                return

    async def reload_if_changed(self) -> None:
        """Reload if the mounts have changed since they were read."""
        before, self._seen = self._seen, self.source.fingerprint()
        if self._seen == before:
            return
        _log.info(_detected(before, self._seen))
        began = time.perf_counter()
        try:
            await self._reload(began)
        except ConfigError as error:
            if error.kind == "read":
                self._seen = None  # retry at the next check
            self._reject(error, began)
        except Exception:  # noqa: BLE001 - logged; the watcher must survive internal errors
            _log.exception("configuration rejected, the last good one stays")
            self.status.failed(time.perf_counter() - began)

    @property
    def _reload_settings(self) -> ReloadSettings:
        return self.settings.spring.cloud.kubernetes.reload

    async def _watch(self, reload: ReloadSettings, stop: anyio.Event) -> None:
        """Process changes until one changes how to watch, or requires a restart."""
        period = reload.period if reload.mode == "polling" else None
        async with aclosing(changes(self.source.directories, stop, period=period)) as ticks:
            async for mode in ticks:
                self.status.watch_mode = mode
                await self.reload_if_changed()
                if self._restarting or self._reload_settings != reload:
                    return

    async def _reload(self, began: float) -> None:
        mounted = await self._in_thread(self._read, kind="read")
        if mounted.digest == self._digest:
            self._settle()
            return
        self.status.pending_hash = mounted.hash
        take = functools.partial(take_snapshot, self.source, mounted, self._type, self._current)
        snapshot = await self._in_thread(take, kind="timeout")
        strategy = self._reload_settings.strategy
        _log.info(f"Reloading using strategy: {strategy.upper()}")
        if strategy == "refresh":
            await self._swap(snapshot, mounted.digest)
            self._succeeded(began)
        elif strategy == "restart":
            self._restarting = self.status.restart_required = True
            self.status.succeeded("restart", time.perf_counter() - began)
        else:
            self.status.skipped(time.perf_counter() - began)

    async def _in_thread(self, function: Callable[[], T], *, kind: Kind) -> T:
        """Call a function in a thread; a hanging thread is abandoned."""
        with anyio.move_on_after(LOAD_S):
            return await anyio.to_thread.run_sync(
                function, abandon_on_cancel=True, limiter=self._threads
            )
        raise ConfigError(f"takes more than {LOAD_S:g} s to load", kind=kind)

    def _read(self) -> Mounted:
        for place in self._places:
            if not place.is_dir():
                reason = "is missing; without it every setting would be reset"
                raise ConfigError(reason, file=str(place), kind="read")
        return self.source.read()

    async def _swap(self, snapshot: Snapshot[S], digest: str) -> None:
        commits = await self._listeners.prepare(snapshot)
        _log_snapshot(snapshot, self._current)
        # No await below: no task may see the new settings with an old listener.
        self._current, self._digest = snapshot, digest
        for commit in commits:
            commit()

    def _succeeded(self, began: float) -> None:
        took = time.perf_counter() - began
        self.status.succeeded("change", took)
        waiting = list(waiting_for_restart(self._started_with, self.settings))
        self.status.restart_required = bool(waiting)
        _log.info("Configuration reloaded", took_ms=round(took * 1000, 1), hash=self.current.hash)
        if waiting:
            _log.warning("changed sections take effect at the next start", sections=waiting)

    def _settle(self) -> None:
        """Record that the active version is mounted: a rejected edit may have been reverted."""
        if self.status.pending_hash or not self.status.last_successful:
            _log.info("The active configuration is mounted again")
        self.status.restart_required = any(waiting_for_restart(self._started_with, self.settings))
        self.status.settled()

    def _reject(self, error: ConfigError, began: float) -> None:
        self.status.failed(time.perf_counter() - began, error)
        _log.error(
            f"configuration rejected, the last good one stays: {error}",
            file=error.file,
            line=error.line,
            key=error.key,
            reason=error.reason,
        )

    async def _restart(self, stop: anyio.Event) -> None:
        """Restart after a random delay, so that replicas do not restart together."""
        longest = self._reload_settings.max_wait_for_restart
        with anyio.move_on_after(random.uniform(0, longest)):  # noqa: S311 - not for secrets
            await stop.wait()
        for callback in self._on_restart:
            callback()


def _detected(before: object, now: object) -> str:
    """Return which mount changed, in the words of Spring Cloud Kubernetes."""
    same = isinstance(before, tuple) and isinstance(now, tuple) and before[0] == now[0]
    return f"Detected change in {'secrets' if same else 'config maps'}"


def _log_snapshot(now: Snapshot[Any], before: Snapshot[Any] | None) -> None:
    """Log the active profiles; log conflicting sources and unused files when they first occur."""
    profiles = ",".join(now.profiles)
    _log.info(
        f"The following profiles are active: {profiles}"
        if profiles
        else "No active profile set, the default documents apply"
    )
    disagreement = now.profile_sources.disagreement()
    if disagreement and (before is None or disagreement != before.profile_sources.disagreement()):
        _log.warning(disagreement)
    unread = [name for name in now.unread if before is None or name not in before.unread]
    if unread:
        _log.warning("unused files, documents or variables", names=unread)
