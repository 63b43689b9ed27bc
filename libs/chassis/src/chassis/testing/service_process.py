"""A service as a process of its own, as in a pod."""

import json
import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

_PATIENCE_S = 60.0
_NONE = "/nonexistent"
LOCAL = {"server.address": "127.0.0.1", "server.port": "0", "server.drain-wait": "0s"}
"""Settings of a service on free loopback ports, which ends at once."""


class ServiceProcess:
    """A running service: `url`, `management` (a URL too), and its `output` so far."""

    def __init__(
        self,
        command: Sequence[str],
        settings: Mapping[str, str],
        *,
        config: Path | None = None,
        secrets: Path | None = None,
    ) -> None:
        """Start a command on free loopback ports, with settings as flags and its mounts."""
        flags = [f"--{key}={value}" for key, value in {**LOCAL, **settings}.items()]
        self._lines: list[str] = []
        self._started = threading.Event()
        self.url = self.management = ""
        self._process = subprocess.Popen(  # noqa: S603 - the caller's program
            [*command, *flags],
            env={
                **os.environ,
                "CONFIG_DIR": str(config or _NONE),
                "SECRETS_DIR": str(secrets or _NONE),
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        try:
            self.await_start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    @property
    def output(self) -> str:
        """Return what the service has written so far."""
        return "".join(self._lines)

    def await_start(self) -> None:
        """Return once it serves; raise `RuntimeError` with its output where it ends before."""
        if not self._started.wait(_PATIENCE_S) or not self.url:
            raise RuntimeError(f"the service did not start: {self.output}")

    def end(self) -> int:
        """Send SIGTERM, and return the exit code; kill the process where it hangs."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(_PATIENCE_S)
        finally:
            self._process.kill()
            self._process.wait()
            self._reader.join()
            if self._process.stdout is not None:
                self._process.stdout.close()
        return code

    def kill(self) -> None:
        """End it without a word, as a node does that fails."""
        self._process.kill()
        self._process.wait()

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.append(line)
            if '"started"' in line:
                fields = json.loads(line)
                self.url = f"http://{fields['address']}"
                self.management = f"http://{fields['management']}"
                self._started.set()
        self._started.set()
