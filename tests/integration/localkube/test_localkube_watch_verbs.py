"""`get --watch` and what else waits for changes: real processes, no polling."""

import itertools
import json
import os
import select
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

import pytest

from eventually import PATIENCE_S, poll
from integration.localkube.kit import Localkube, command_of, deployment, processes_of

CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "flags"}}


@contextmanager
def running(localkube: Localkube, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a verb during the block, and kill it where it has not ended by then."""
    with subprocess.Popen(
        localkube.command(*arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=localkube.environment(),
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().rstrip("\n")


def apply(localkube: Localkube, *documents: object) -> None:
    text = "\n---\n".join(json.dumps(document) for document in documents)
    localkube.ok("apply", "-f", "-", stdin=text)


def test_get_watch_prints_rows_in_the_columns_of_the_first(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=0))
    with running(localkube, "get", "configmaps", "-w", "--output-watch-events") as watch:
        apply(localkube, CONFIG | {"metadata": {"name": "a-long-name"}, "data": {"a": "1"}})
        assert line(watch).split() == ["EVENT", "NAME", "DATA", "AGE"]
        first = line(watch)
        apply(localkube, {**CONFIG, "metadata": {"name": "short"}})
        second = line(watch)
        localkube.ok("delete", "configmap", "short")
        third = line(watch)

    assert first.split()[:3] == ["ADDED", "a-long-name", "1"]
    assert second.split()[:3] == ["ADDED", "short", "0"]
    assert third.split()[:3] == ["DELETED", "short", "0"]
    assert first.index("1") == second.index("0") or first.index(" 1 ") == second.index(" 0 ")


@pytest.mark.parametrize("output", ["name", "json", "yaml"])
def test_get_watch_prints_each_change_in_any_format(localkube: Localkube, output: str) -> None:
    localkube.up(deployment(replicas=0), CONFIG)
    with running(localkube, "get", "cm", "flags", "-w", "-o", output) as watch:
        expected = {"name": "configmap/flags", "json": "{", "yaml": "apiVersion: v1"}[output]
        assert line(watch) == expected
        apply(localkube, {**CONFIG, "data": {"greeting": "hello"}})
        seen: list[str] = []
        while "hello" not in "".join(seen) and seen != ["configmap/flags"]:
            seen.append(line(watch))
    assert ("---" in seen) == (output == "yaml")


def test_watch_only_leaves_out_what_exists(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=0), CONFIG)
    versions = itertools.count()

    def seen_after_a_change(output: IO[str]) -> list[object]:
        apply(localkube, {**CONFIG, "data": {"version": str(next(versions))}})
        return list(select.select([output], [], [], 0)[0])

    with running(localkube, "get", "cm", "--watch-only", "-o", "json") as watch:
        output = watch.stdout
        assert output is not None
        poll(lambda: seen_after_a_change(output))
        seen = ""
        while "\n}" not in seen:
            seen += f"{line(watch)}\n"
    assert "data" in json.loads(seen)


def test_a_watch_of_what_does_not_exist_is_an_error(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=0))

    missing = localkube.run("get", "cm", "nothing", "-w")
    several = localkube.run("get", "pods,cm", "-w")

    assert (missing.code, missing.out) == (1, "")
    assert "ConfigMap default/nothing not found" in missing.err
    assert several.err == "localkube: you may only specify a single resource type\n"


def test_ctrl_c_ends_a_watch_without_a_word(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=0), CONFIG)
    with running(localkube, "get", "cm", "-w") as watch:
        assert line(watch).startswith("NAME")
        watch.send_signal(signal.SIGINT)
        _, err = watch.communicate(timeout=PATIENCE_S)
    assert (watch.returncode, err) == (130, "")


def test_a_reader_that_leaves_ends_a_watch(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=0), CONFIG)
    with running(localkube, "get", "cm", "-w") as watch:
        assert line(watch).startswith("NAME")
        assert watch.stdout is not None
        assert watch.stderr is not None
        watch.stdout.close()
        assert watch.wait(timeout=PATIENCE_S) == 0
        assert watch.stderr.read() == ""


@pytest.mark.parametrize("how", ["down", "SIGKILL"])
def test_a_localkube_that_ends_ends_a_watch_with_one_line(localkube: Localkube, how: str) -> None:
    localkube.up(deployment(replicas=0), CONFIG)
    with running(localkube, "get", "cm", "-w") as watch:
        assert line(watch).startswith("NAME")
        if how == "down":
            localkube.ok("down")
        else:
            os.kill(daemon_of(localkube), signal.SIGKILL)
        _, err = watch.communicate(timeout=PATIENCE_S)
    log = localkube.state / "localkube.log"
    ended = "is going down" if how == "down" else f"ended; see {log}"
    assert (watch.returncode, err) == (1, f"localkube: localkube {ended}\n")


def daemon_of(localkube: Localkube) -> int:
    """Return the engine's process."""
    running = processes_of(localkube.state)
    (found,) = [pid for pid in running if "localkube.engine.daemon" in command_of(pid)]
    return found


def test_rollout_status_says_how_far_it_is_in_kubectls_words(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=0))
    apply(localkube, deployment(replicas=2))

    said = localkube.ok("rollout", "status", "deployment/web").splitlines()

    assert said[-1] == 'deployment "web" successfully rolled out'
    assert all(one.startswith("Waiting for deployment ") for one in said[:-1])
    never = {"readinessProbe": {"exec": {"command": ["false"]}}}
    apply(localkube, deployment(replicas=2, container=never))
    result = localkube.run("rollout", "status", "deployment/web", "--timeout=1ms")
    assert (result.code, result.err) == (1, "localkube: timed out waiting for the condition\n")
