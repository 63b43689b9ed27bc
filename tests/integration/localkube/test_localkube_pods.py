"""The life cycle of a pod: probes, restarts, hooks, termination, environment."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from eventually import poll
from integration.localkube.kit import (
    Localkube,
    deployment,
    fetch,
    is_alive,
    pid_of,
    service,
)


def _url(localkube: Localkube, path: str) -> str:
    return f"http://{localkube.pods()[0]['status']['podIP']}:8000{path}"


def _ready(localkube: Localkube) -> int:
    statuses = [pod["status"]["conditions"] for pod in localkube.pods()]
    return sum(c["status"] == "True" for s in statuses for c in s if c["type"] == "Ready")


def _restarts(localkube: Localkube, app: str = "web") -> int:
    pods = localkube.pods("-l", f"app={app}")
    return sum(c["restartCount"] for p in pods for c in p["status"]["containerStatuses"])


def _endpoints(localkube: Localkube) -> int:
    return len(localkube.objects("endpoints", "web")[0]["subsets"])


def test_a_killed_process_is_noticed_immediately_and_restarted(localkube: Localkube) -> None:
    # The restarted process waits for `go`, and the probe never gives the old one up.
    go, server = localkube.directory / "go", localkube.directory / "server.py"
    once = f"test -e $0-$POD_NAME && until [ -e {go} ]; do sleep 0.02; done; touch $0-$POD_NAME"
    start = f"{once}; exec {sys.executable} $0 $IP 8000"
    ip = {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}
    probe = {"tcpSocket": {"port": "http"}, "periodSeconds": 1, "failureThreshold": 3600}
    container = {
        "command": ["sh", "-c", start, str(server)],
        "env": [ip],
        "readinessProbe": probe,
    }
    localkube.up(deployment(replicas=2, container=container), service())
    victim = localkube.pods()[0]
    os.kill(pid_of(victim), signal.SIGKILL)

    poll(lambda: _endpoints(localkube) == 1)
    go.touch()
    poll(lambda: _ready(localkube) == 2)
    status = localkube.objects("pod", victim["metadata"]["name"])[0]["status"]
    container = status["containerStatuses"][0]
    assert container["restartCount"] == 1
    assert container["lastState"]["terminated"]["exitCode"] == 137
    assert status["podIP"] == victim["status"]["podIP"]


def test_an_unready_pod_leaves_its_service_and_continues_to_run(localkube: Localkube) -> None:
    probe = {
        "httpGet": {"path": "/readyz", "port": "http"},
        "periodSeconds": 1,
        "failureThreshold": 1,
    }
    localkube.up(deployment(container={"readinessProbe": probe}), service())
    pid = pid_of(localkube.pods()[0])

    fetch(_url(localkube, "/unready"))

    poll(lambda: _endpoints(localkube) == 0)
    assert pid_of(localkube.pods()[0]) == pid


def test_a_failing_liveness_probe_restarts_the_container(localkube: Localkube) -> None:
    probe = {"httpGet": {"path": "/livez", "port": 8000}, "periodSeconds": 1, "failureThreshold": 2}
    localkube.up(deployment(container={"livenessProbe": probe}))
    pid = pid_of(localkube.pods()[0])

    fetch(_url(localkube, "/die"))

    poll(lambda: localkube.pods()[0]["status"]["containerStatuses"][0]["restartCount"] == 1)
    poll(lambda: _ready(localkube) == 1)
    assert pid_of(localkube.pods()[0]) != pid
    assert "Liveness probe failed: HTTP status 500" in localkube.ok("get", "events")


def test_a_failing_startup_probe_restarts_and_holds_back_readiness(localkube: Localkube) -> None:
    never = {"exec": {"command": ["false"]}, "periodSeconds": 1, "failureThreshold": 1}
    localkube.up(deployment(replicas=0))

    localkube.ok("apply", "-f", "-", stdin=_json(deployment(container={"startupProbe": never})))

    poll(lambda: _restarts(localkube) >= 1)
    assert _ready(localkube) == 0
    assert "Startup probe failed" in localkube.ok("get", "events")


def test_exec_and_tcp_probes_work(localkube: Localkube) -> None:
    startup = {"exec": {"command": ["sh", "-c", 'test "$POD_NAME"']}, "periodSeconds": 1}
    readiness = {"tcpSocket": {"port": "http"}, "periodSeconds": 1}
    probes = {"startupProbe": startup, "readinessProbe": readiness}

    assert localkube.up(deployment(container=probes)).code == 0


def test_restarts_back_off_and_the_previous_log_is_available(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=0))
    localkube.ok("apply", "-f", "-", stdin=_json(deployment("bad", image="crash")))

    poll(lambda: "CrashLoopBackOff" in localkube.ok("get", "pods"))

    assert "back-off 1 s" in localkube.ok("get", "events")
    name = localkube.pods()[0]["metadata"]["name"]
    poll(lambda: "cannot go on" in localkube.ok("logs", name, "--previous"))


def test_logs_are_followed_over_a_restart(localkube: Localkube) -> None:
    localkube.up(deployment())
    pod = localkube.pods()[0]
    name = pod["metadata"]["name"]
    command = localkube.command("logs", "-f", "deployment/web")
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as follower:
        assert follower.stdout is not None
        assert follower.stdout.readline() == f"listening {name}\n"

        os.kill(pid_of(pod), signal.SIGKILL)

        assert follower.stdout.readline() == f"listening {name}\n"
        localkube.ok("delete", "deployment", "web")
        assert "draining" in follower.stdout.read()
    assert follower.returncode == 0


def test_the_tail_of_a_log_is_its_last_lines(localkube: Localkube) -> None:
    words = {"command": ["sh", "-c", "echo one; echo two; exec sleep 99"], "readinessProbe": None}
    localkube.up(deployment(container=words))

    poll(lambda: localkube.ok("logs", "deployment/web", "--tail=1") == "two\n")
    assert localkube.ok("logs", "deployment/web", "-c", "web") == "one\ntwo\n"


def test_termination_runs_pre_stop_then_sigterm_then_ends(localkube: Localkube) -> None:
    mark, go = localkube.directory / "mark", localkube.directory / "go"
    waiting = f"until [ -e {go} ]; do sleep 0.02; done; touch {mark}"
    hook = {"exec": {"command": ["sh", "-c", waiting]}}
    drain = {"env": [{"name": "DRAIN", "value": "0.3"}], "lifecycle": {"preStop": hook}}
    localkube.up(deployment(container=drain), service())
    pod = localkube.pods()[0]
    log = Path(pod["metadata"]["annotations"]["localkube/directory"], "logs", "web.log")

    localkube.ok("delete", "pod", pod["metadata"]["name"], "--wait=false")

    assert "Terminating" in localkube.ok("get", "pods")
    assert pod["status"]["podIP"] not in localkube.ok("get", "endpoints")
    assert not mark.exists()
    assert "draining" not in log.read_text()
    go.touch()
    poll(lambda: mark.exists() and "draining" in log.read_text())
    poll(lambda: not is_alive(pid_of(pod)))


def test_a_process_that_ignores_sigterm_is_killed_after_the_grace_period(
    localkube: Localkube,
) -> None:
    stubborn = ["sh", "-c", "trap '' TERM; sleep 900 & while :; do sleep 0.1; done"]
    container = {"command": stubborn, "readinessProbe": None}
    localkube.up(deployment(container=container, pod={"terminationGracePeriodSeconds": 1}))
    pod = localkube.pods()[0]
    # clock: between the pod's grace period and Kubernetes' own
    began = time.monotonic()

    localkube.ok("delete", "pod", pod["metadata"]["name"])

    assert 0.9 < time.monotonic() - began < 30
    assert not is_alive(pid_of(pod))


def test_a_forced_delete_kills_immediately(localkube: Localkube) -> None:
    slow = {"env": [{"name": "DRAIN", "value": "3600"}]}
    localkube.up(deployment(container=slow, pod={"terminationGracePeriodSeconds": 3600}))
    pod = localkube.pods()[0]

    localkube.ok("delete", "pod", pod["metadata"]["name"], "--grace-period=0", "--force")

    assert not is_alive(pid_of(pod))
    poll(lambda: _ready(localkube) == 1)


def test_a_forced_delete_kills_a_terminating_pod(localkube: Localkube) -> None:
    slow = {"env": [{"name": "DRAIN", "value": "3600"}]}
    localkube.up(deployment(container=slow, pod={"terminationGracePeriodSeconds": 3600}))
    name = localkube.pods()[0]["metadata"]["name"]

    localkube.ok("delete", "pod", name, "--wait=false")
    localkube.ok("delete", "pod", name, "--force")

    assert name not in localkube.ok("get", "pods")


@pytest.mark.parametrize(
    "hurry", [("delete", "pod", "NAME", "--force"), ("down", "--grace-period=1")]
)
def test_a_long_pre_stop_hook_can_be_cut_short(
    localkube: Localkube, hurry: tuple[str, ...]
) -> None:
    hook = {"lifecycle": {"preStop": {"sleep": {"seconds": 3000}}}}
    localkube.up(deployment(container=hook, pod={"terminationGracePeriodSeconds": 3600}))
    pod = localkube.pods()[0]
    name = pod["metadata"]["name"]
    localkube.ok("delete", "pod", name, "--wait=false")

    localkube.ok(*(name if word == "NAME" else word for word in hurry))

    assert not is_alive(pid_of(pod))


def test_post_start_runs_and_its_failure_restarts(localkube: Localkube) -> None:
    mark = localkube.directory / "started"
    hook = {"postStart": {"exec": {"command": ["touch", str(mark)]}}}
    assert localkube.up(deployment(container={"lifecycle": hook})).code == 0
    assert mark.exists()

    broken = {"lifecycle": {"postStart": {"exec": {"command": ["false"]}}}}
    localkube.ok("apply", "-f", "-", stdin=_json(deployment("broken", container=broken)))

    poll(lambda: _restarts(localkube, "broken") >= 1)
    assert "FailedPostStartHook" in localkube.ok("get", "events")


def test_the_environment_is_that_of_the_manifest_without_the_callers(localkube: Localkube) -> None:
    entries = [
        {"name": "A", "value": "one"},
        {"name": "B", "value": "$(A)-two-$(UNKNOWN)-$$(A)"},
        {"name": "APP", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}},
        {"name": "IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}},
        {"name": "KEY", "valueFrom": {"configMapKeyRef": {"name": "more", "key": "key"}}},
        {"name": "PROFILES_ACTIVE", "value": "dev"},
    ]
    more = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": "more"},
        "data": {"key": "value"},
    }
    container = {
        "env": entries,
        "args": ["--ip=$(IP)"],
    }
    result = localkube.up(more, deployment(container=container), TOP_SECRET="hidden")
    assert result.code == 0, result.err

    def value(name: str) -> str:
        return fetch(_url(localkube, f"/env/{name}"))

    ip = localkube.pods()[0]["status"]["podIP"]
    assert value("B") == "one-two-$(UNKNOWN)-$(A)"
    assert (value("APP"), value("IP"), value("KEY")) == ("web", ip, "value")
    assert value("PROFILES_ACTIVE") == "kubernetes,dev"
    assert value("CLIENT__SOURCE_ADDRESS") == ip
    assert value("TOP_SECRET") == "<unset>"
    assert fetch(_url(localkube, "/argv")) == f"--ip={ip}"


def test_a_pods_directory_is_removed_with_the_pod(localkube: Localkube) -> None:
    mounts = {"volumeMounts": [{"name": "tmp", "mountPath": "/tmp"}]}  # noqa: S108 - within the pod
    localkube.up(deployment(container=mounts, pod={"volumes": [{"name": "tmp", "emptyDir": {}}]}))
    pod = localkube.pods()[0]
    directory = Path(pod["metadata"]["annotations"]["localkube/volume.tmp"])
    assert fetch(_url(localkube, "/env/TMPDIR")) == str(directory)

    localkube.ok("delete", "pod", pod["metadata"]["name"])

    assert not directory.exists()


def _json(document: object) -> str:
    return json.dumps(document)


def test_a_long_pod_name_is_truncated(localkube: Localkube) -> None:
    """As in Kubernetes: 58 characters and a generated suffix. A file name is limited, too."""
    name = "a" * 253
    long = deployment()
    long["metadata"]["name"] = name

    assert localkube.up(long).code == 0

    (pod,) = localkube.pods()
    assert (len(pod["metadata"]["name"]), pod["metadata"]["ownerReferences"][0]["name"]) == (
        63,
        name,
    )
