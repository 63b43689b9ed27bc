"""cas-server as a separate process, as in a pod."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eventually import PATIENCE_S


class CasProcess:
    """A running cas-server. `output` is everything it has written so far."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self._lines: list[str] = []
        self._started = threading.Event()
        self.url = self.management = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        return "".join(self._lines)

    def await_start(self) -> None:
        if not self._started.wait(PATIENCE_S) or not self.url:
            raise RuntimeError(f"cas-server did not start: {self.output}")

    def end(self) -> int:
        """Send SIGTERM, and return the exit code."""
        self._process.send_signal(signal.SIGTERM)
        try:
            code = self._process.wait(PATIENCE_S)
        finally:
            self._process.kill()
            self._process.wait()
        self._reader.join()
        if self._process.stdout is not None:
            self._process.stdout.close()
        return code

    def _read(self) -> None:
        for line in self._process.stdout or ():
            self._lines.append(line)
            if '"started"' in line:
                fields: dict[str, Any] = json.loads(line)
                self.url = f"http://{fields['address']}"
                self.management = f"http://{fields['management']}"
                self._started.set()
        self._started.set()


@contextmanager
def cas_process(directory: Path, settings: Mapping[str, str]) -> Iterator[CasProcess]:
    """Run cas-server with the configuration in a directory, on free loopback ports."""
    flags = {"server.address": "127.0.0.1", "server.port": "0", "server.drain-wait": "0s"}
    arguments = [f"--{key}={value}" for key, value in {**flags, **settings}.items()]
    process = subprocess.Popen(
        [sys.executable, "-m", "cas_server", *arguments],
        env={"CONFIG_DIR": str(directory), "SECRETS_DIR": str(directory / "none")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    cas = CasProcess(process)
    try:
        cas.await_start()
        yield cas
    finally:
        cas.end()
