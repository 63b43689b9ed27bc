"""`logs`: of many pods, with kubectl's flags and words."""

import datetime as dt
import itertools
import json
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from eventually import PATIENCE_S, poll
from integration.localkube.conftest import prepared
from integration.localkube.kit import Localkube, deployment

LINES = (
    "import datetime, json, time\n"
    "now = datetime.datetime.now(datetime.UTC)\n"
    "for n in range(12):\n"
    "  at = now - datetime.timedelta(hours=12 - n)\n"
    "  print(json.dumps({'ts': at.isoformat(), 'n': n}), flush=True)\n"
    "time.sleep(1000)\n"
)


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Localkube]:
    """Provide two pods of two containers each, which have written twelve lines each."""
    kube = prepared(tmp_path_factory.mktemp("logs"))
    container = {"command": [sys.executable, "-c", LINES], "readinessProbe": None}
    document = deployment(replicas=2, container=container)
    containers = document["spec"]["template"]["spec"]["containers"]
    containers.append({**containers[0], "name": "second", "ports": []})
    assert kube.up(document).code == 0
    poll(lambda: len(kube.ok("logs", "-l", "app=web", "--all-containers").splitlines()) == 40)
    yield kube
    kube.run("down")


def numbers(out: str) -> list[int]:
    return [json.loads(line[line.index("{") :])["n"] for line in out.splitlines()]


def test_a_selector_takes_the_last_ten_lines_of_each_pod(pair: Localkube) -> None:
    result = pair.run("logs", "-l", "app=web")

    assert numbers(result.out) == [*range(2, 12), *range(2, 12)]
    assert result.err == 'Defaulted container "web" out of: web, second\n' * 2
    assert numbers(pair.ok("logs", "-l", "app=web", "-c", "web", "--tail=1")) == [11, 11]
    assert len(numbers(pair.ok("logs", "-l", "app=web", "-c", "web", "--tail=-1"))) == 24


def test_a_prefix_names_pod_and_container(pair: Localkube) -> None:
    names = [pod["metadata"]["name"] for pod in pair.pods()]
    places = [f"[pod/{name}/{container}] " for name in names for container in ("web", "second")]

    selected = pair.ok("logs", "-l", "app=web", "--all-containers", "--prefix", "--tail=1")
    all_pods = pair.ok("logs", "deployment/web", "--all-pods", "--all-containers", "--tail=1")

    assert [line.split("{")[0] for line in selected.splitlines()] == places
    assert [line.split("{")[0] for line in all_pods.splitlines()] == places


def test_since_goes_by_the_times_that_lines_state(pair: Localkube) -> None:
    pod = pair.pods()[0]["metadata"]["name"]
    at = (dt.datetime.now(dt.UTC) - dt.timedelta(hours=3.5)).isoformat()

    assert numbers(pair.ok("logs", pod, "-c", "web", "--since=3h30m")) == [9, 10, 11]
    assert numbers(pair.ok("logs", pod, "web", f"--since-time={at}")) == [9, 10, 11]


def test_a_deployment_stands_for_its_first_pod(pair: Localkube) -> None:
    first = pair.pods()[0]["metadata"]["name"]

    result = pair.run("logs", "deployment/web", "-c", "web")

    assert (len(numbers(result.out)), result.err) == (12, f"Found 2 pods, using pod/{first}\n")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("", 2, "POD or TYPE/NAME is a required argument for the logs command"),
        ("web -l app=web", 2, "only a selector (-l) or a POD name is allowed"),
        ("web -c a --all-containers", 2, "should not be specified with container name a"),
        ("deployment/web -c other", 1, "container other is not valid for pod web-"),
        ("deployment/web -c web -p", 1, 'previous terminated container "web" in pod "web-'),
        ("web --tail=-2", 2, "--tail must be greater than or equal to -1"),
        ("web --since=5m --since-time=2026-01-31T12:00:00Z", 2, "at most one of"),
        ("web --since=soon", 2, 'invalid duration "soon"'),
        ("web --since-time=noon", 2, "write a time as RFC 3339 has it"),
        ("-l app=web --all-containers -f --max-log-requests=3", 1, "follow 4 log streams"),
    ],
)
def test_what_cannot_be_shown_is_one_line(
    pair: Localkube, arguments: str, code: int, message: str
) -> None:
    result = pair.run("logs", *arguments.split())

    assert (result.code, result.out) == (code, "")
    assert message in result.err.splitlines()[-1]


def test_nothing_selected_is_no_error(pair: Localkube) -> None:
    result = pair.run("logs", "-l", "app=nothing")

    assert (result.code, result.out) == (0, "")
    assert result.err == "No resources found in default namespace.\n"


def test_pods_are_followed_together_until_each_ends(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=2))
    names = [pod["metadata"]["name"] for pod in localkube.pods()]
    command = localkube.command("logs", "-f", "-l", "app=web", "--prefix")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        first = list(itertools.islice(follower.stdout, 2))
        localkube.ok("delete", "deployment", "web")
        rest = follower.stdout.read()
    assert first == [f"[pod/{name}/web] listening {name}\n" for name in names]
    assert sorted(rest.splitlines()) == sorted(f"[pod/{name}/web] draining" for name in names)
    assert follower.returncode == 0


def test_ctrl_c_and_a_reader_that_leaves_end_it(localkube: Localkube) -> None:
    localkube.up(deployment())
    for how in (signal.SIGINT, None):
        command = localkube.command("logs", "-f", "deployment/web")
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        with subprocess.Popen(command, text=True, **pipes) as follower:  # type: ignore[call-overload]  # of the same types
            assert follower.stdout is not None
            assert follower.stdout.readline().startswith("listening")
            if how is None:
                follower.stdout.close()
            else:
                follower.send_signal(how)
            assert follower.wait(timeout=PATIENCE_S) == (0 if how is None else 130)
            assert follower.stderr.read() == ""
