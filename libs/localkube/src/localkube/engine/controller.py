"""How the engine reconciles: a change marks what is due, and a controller reconciles it.

As in Kubernetes' controllers, a run reads the current state and not the change that caused it, so
that changes can be coalesced and a failed run can be repeated.
"""

import asyncio
import sys
import traceback
from collections.abc import Callable, Iterable

from localkube.api.objects import Ref
from localkube.engine.store import Store

MAX_BACK_OFF_S = 300.0


class Controller:
    """Reconciles each key once for all changes of one turn of the event loop.

    `keys_for` maps a changed object to the keys to reconcile. A key whose `reconcile` raises is
    retried after `back_off`, with the error in localkube's own log.
    """

    def __init__(
        self,
        store: Store,
        keys_for: Callable[[Ref], Iterable[Ref]],
        reconcile: Callable[[Ref], None],
    ) -> None:
        self._keys_for, self._reconcile = keys_for, reconcile
        self._due: dict[Ref, None] = {}
        self._failures: dict[Ref, int] = {}
        self._stopped = False
        store.subscribe(self._on_change)

    def mark(self, key: Ref) -> None:
        """Reconcile a key in the next turn of the event loop."""
        if not self._due:
            asyncio.get_running_loop().call_soon(self._run)
        self._due[key] = None

    def stop(self) -> None:
        """Reconcile nothing any more."""
        self._stopped = True

    def _on_change(self, ref: Ref) -> None:
        for key in self._keys_for(ref):
            self.mark(key)

    def _run(self) -> None:
        due, self._due = self._due, {}
        for key in due:
            if not self._stopped:
                self._attempt(key)

    def _attempt(self, key: Ref) -> None:
        try:
            self._reconcile(key)
        except Exception:  # noqa: BLE001  # one key's error must not stop the others
            traceback.print_exc(file=sys.stderr)
            failures = self._failures[key] = self._failures.get(key, 0) + 1
            asyncio.get_running_loop().call_later(back_off(failures), self.mark, key)
        else:
            self._failures.pop(key, None)


def back_off(failures: int) -> float:
    """Return the seconds to wait after so many failures in a row: 0, 1, 2, 4 … 300."""
    return 0.0 if failures <= 1 else min(2.0 ** min(failures - 2, 16), MAX_BACK_OFF_S)
