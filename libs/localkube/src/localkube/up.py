"""`up` and `down`: start a localkube, wait until all is available, or leave nothing behind."""

import argparse
import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Self

from localkube import addresses, admission, manifests
from localkube.client import Client
from localkube.errors import AlreadyRunningError, LocalkubeError, MissingReferenceError
from localkube.get import print_overview
from localkube.images import Images
from localkube.state import LOCK_WAIT_S, State
from localkube.terminal import Progress, say

CRASHES = 3
"""Restarts of one container after which `up` gives up."""
LAST_LINES = 15
DOWN_S = 60.0


def up(options: argparse.Namespace, state: State) -> int:
    """Start the manifests of a directory and wait until every Deployment is available."""
    documents = [(m.file, m.document) for m in manifests.read(options.directory)]
    config = Path(options.config or _config_beside(options.directory)).absolute()
    _check(documents, config)
    with _Started(state, config, options.addresses) as started:
        client = Client(state)
        result = client.call("apply", manifests=documents, namespace="default")
        _tell_without_effect(result)
        _wait(client, options.timeout)
        print_overview(client)
        if options.foreground:
            say("running; Ctrl-C ends it")
            return started.wait()
        started.keep()
    return 0


def down(options: argparse.Namespace, state: State) -> int:
    """End a running localkube and everything it started."""
    client = Client(state)
    client.call("stop", grace=options.grace_period)
    if not state.wait_until_free(DOWN_S):
        raise LocalkubeError(f"localkube does not end; see {state.log}")
    say("stopped; nothing is left running")
    return 0


class _Started:
    """A daemon that ends with this process unless it is told to stay."""

    def __init__(self, state: State, config: Path, mode: str | None) -> None:
        self._state = state
        self._daemon = _start(state, config, mode or addresses.default_mode())

    def __enter__(self) -> Self:
        try:
            self._await_ready()
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    def keep(self) -> None:
        """Let it run on alone."""
        _write(self._daemon, b"keep\n")
        self._daemon = None

    def wait(self) -> int:
        """Wait for its end."""
        return self._daemon.wait() if self._daemon else 0

    def _await_ready(self) -> None:
        assert self._daemon is not None  # noqa: S101  # for the type checker
        assert self._daemon.stdout is not None  # noqa: S101  # likewise
        line = self._daemon.stdout.readline().decode().strip()
        if line != "ready":
            raise LocalkubeError(line or f"localkube did not start; see {self._state.log}")

    def _end(self) -> None:
        if self._daemon is None:
            return
        with contextlib.suppress(OSError):
            self._daemon.stdin.close()  # type: ignore[union-attr]  # it is a pipe
        _wait_patiently(self._daemon)
        self._state.wait_until_free(LOCK_WAIT_S)


def _start(state: State, config: Path, mode: str) -> "subprocess.Popen[bytes] | None":
    state.create()
    lock = _lock(state)
    with state.log.open("ab") as log:
        state.log.chmod(0o600)
        command = [sys.executable, "-m", "localkube.daemon", "--lock", str(lock)]
        command += ["--state", str(state.directory), "--config", str(config)]
        daemon = subprocess.Popen(  # noqa: S603  # our own module
            [*command, "--addresses", mode],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            pass_fds=[lock],
            start_new_session=True,
            bufsize=0,
        )
    os.close(lock)
    return daemon


def _lock(state: State) -> int:
    deadline = time.monotonic() + LOCK_WAIT_S
    while (lock := state.try_lock()) is None:
        if Client(state).is_running() or time.monotonic() > deadline:
            where = f"state {state.directory}"
            raise AlreadyRunningError(
                f"already running ({where}), left as it is; end it: localkube down"
            )
        time.sleep(0.05)
    return lock


def _write(daemon: "subprocess.Popen[bytes] | None", data: bytes) -> None:
    if daemon is not None and daemon.stdin is not None:
        daemon.stdin.write(data)


def _wait_patiently(daemon: "subprocess.Popen[bytes]") -> None:
    # A second Ctrl-C must not leave the daemon's end unawaited: it has a bound of its own.
    while True:
        try:
            daemon.wait()
        except KeyboardInterrupt:
            continue
        return


def _config_beside(directory: str) -> Path:
    found = Path(directory)
    for place in (found, found.parent, Path("k8s")):
        if (place / "localkube.yaml").exists():
            return place / "localkube.yaml"
    return found.parent / "localkube.yaml"


def _check(documents: list[tuple[str, Any]], config: Path) -> None:
    """Find what is wrong before anything starts."""
    Images.load(config)
    for source, document in documents:
        if not admission.has_no_effect(document):
            admission.admit(document, source, "default")


def _tell_without_effect(result: Any) -> None:
    if result["without_effect"]:
        say("no effect here: " + ", ".join(result["without_effect"]))


def _wait(client: Client, seconds: float) -> None:
    progress, deadline = Progress(), time.monotonic() + seconds
    try:
        while waiting := _not_available(client):
            progress.show("waiting for " + ", ".join(waiting))
            _fail_early(client)
            if time.monotonic() > deadline:
                raise LocalkubeError(f"not available after {seconds:g} s: {_why(client, waiting)}")
            time.sleep(0.1)
    finally:
        progress.end()


def _not_available(client: Client) -> list[str]:
    waiting = []
    for deployment in client.list("Deployment"):
        wanted = deployment["spec"].get("replicas", 1)
        status = deployment.get("status") or {}
        available = status.get("availableReplicas", 0)
        if available < wanted or status.get("updatedReplicas", 0) < wanted:
            waiting.append(f"{deployment['metadata']['name']} {available}/{wanted}")
    return waiting


def _why(client: Client, waiting: list[str]) -> str:
    conditions = [c for pod in client.list("Pod") for c in pod["status"]["conditions"]]
    messages = dict.fromkeys(c["message"] for c in conditions if "message" in c)
    return "; ".join([", ".join(waiting), *messages])


def _fail_early(client: Client) -> None:
    for pod in client.list("Pod"):
        for status in pod["status"]["containerStatuses"]:
            state = status["state"].get("waiting") or {}
            if state.get("reason") == "CreateContainerConfigError":
                raise MissingReferenceError(f"{_name(pod)}: {state['message']}")
            if status["restartCount"] >= CRASHES and not status["ready"]:
                raise LocalkubeError(_crash(pod, status))
    for event in client.list("Event"):
        if event["reason"] in {"FailedMount", "FailedCreate"}:
            involved = event["involvedObject"]["name"]
            raise MissingReferenceError(f"{involved}: {event['message']}")


def _crash(pod: Any, status: Any) -> str:
    directory = Path(pod["metadata"]["annotations"]["localkube/directory"]) / "logs"
    text = ""
    for name in (f"{status['name']}.log", f"{status['name']}.previous.log"):
        with contextlib.suppress(OSError):
            text = text or (directory / name).read_text(errors="replace").strip()
    say("\n".join(["", *text.splitlines()[-LAST_LINES:]]))
    ended = status["lastState"].get("terminated") or {}
    code = ended.get("exitCode", "?")
    detail = ended.get("message") or "its last lines stand above"
    return f"{_name(pod)}: container {status['name']} crashes (exit code {code}): {detail}"


def _name(pod: Any) -> str:
    return f"Pod {pod['metadata']['namespace']}/{pod['metadata']['name']}"
