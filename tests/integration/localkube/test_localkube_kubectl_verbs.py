"""`wait`, `events`, `top`, `set` and `port-forward`, in kubectl's words."""

import json
import re
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from eventually import PATIENCE_S, poll
from integration.localkube.conftest import prepared
from integration.localkube.kit import Localkube, deployment, fetch, service

NEVER = {"readinessProbe": {"exec": {"command": ["false"]}}}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Localkube]:
    """Provide two ready pods with a Service, and a Deployment that is never available."""
    kube = prepared(tmp_path_factory.mktemp("web"))
    assert kube.up(deployment(replicas=2), service()).code == 0
    kube.ok("apply", "-f", "-", stdin=json.dumps(deployment("never", container=NEVER)))
    yield kube
    kube.run("down", "--grace-period", "1")


@contextmanager
def running(localkube: Localkube, *arguments: str) -> Iterator["subprocess.Popen[str]"]:
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


@pytest.mark.parametrize(
    ("arguments", "out"),
    [
        ("deployment/web --for=condition=available", "deployment.apps/web condition met\n"),
        ("deployment web --for condition=Progressing", "deployment.apps/web condition met\n"),
        (
            "deployment/never --for=condition=Available=False",
            "deployment.apps/never condition met\n",
        ),
        (
            "deployment/web --for=jsonpath={.status.readyReplicas}=2",
            "deployment.apps/web condition met\n",
        ),
        ("deployment/web --for=jsonpath='.status.replicas'", "deployment.apps/web condition met\n"),
        ("pod/gone --for=delete", "pod/gone condition met\n"),
        ("svc/web --for=create --timeout=0", "service/web condition met\n"),
    ],
)
def test_wait_prints_what_is_met(web: Localkube, arguments: str, out: str) -> None:
    result = web.run("wait", *arguments.replace("'", "").split())

    assert (result.code, result.out, result.err) == (0, out, "")


def test_wait_takes_all_pods_of_a_selector(web: Localkube) -> None:
    ready = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}=True'
    pods = [pod["metadata"]["name"] for pod in web.pods("-l", "app=web")]

    out = web.ok("wait", "pods", "-l", "app=web", f"--for={ready}")

    assert out.splitlines() == [f"pod/{name} condition met" for name in pods]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (
            "deployment/never --for=condition=Available --timeout=10ms",
            1,
            "timed out waiting for the condition on deployments/never",
        ),
        (
            "deployment/never --for=condition=Available --timeout=0",
            1,
            "condition not met for deployments/never",
        ),
        ("deployment/web --for=delete --timeout=0", 1, "condition not met for deployments/web"),
        ("pods -l app=nothing --for=condition=Ready", 1, "no matching resources found"),
        ("pods --for=condition=Ready", 2, "resource(s) were provided, but no name was specified"),
        ("pod/gone --for=condition=Ready", 1, "Pod default/gone not found"),
        ("pod/gone --for=ready", 2, 'unrecognized condition: "ready"; use create, delete,'),
        ("deployment/web --for=jsonpath={.status}=2", 2, "leads to a nested object or list"),
        ("deployment/web --for=jsonpath={.status.replicas}=", 2, "has to have a value after equal"),
        ("deployment/web --for=jsonpath={.a}=2=3", 2, "jsonpath wait format must be"),
    ],
)
def test_wait_says_what_is_not_met(web: Localkube, arguments: str, code: int, message: str) -> None:
    result = web.run("wait", *arguments.split())

    assert (result.code, result.out) == (code, "")
    assert message in result.err
    assert result.err.count("\n") == 1


def test_wait_ends_with_the_deletion(localkube: Localkube) -> None:
    localkube.up(deployment())
    pod = localkube.pods()[0]["metadata"]["name"]
    with running(localkube, "wait", f"pod/{pod}", "--for=delete", "--timeout=60s") as waiting:
        localkube.ok("delete", "deployment", "web")
        assert line(waiting) == f"pod/{pod} condition met"
        assert waiting.wait(timeout=PATIENCE_S) == 0


def test_events_are_listed_by_time_with_kubectls_columns(web: Localkube) -> None:
    poll(lambda: "Unhealthy" in web.ok("events"))

    lines = web.ok("events").splitlines()
    assert re.split(r"  +", lines[0]) == ["LAST SEEN", "TYPE", "REASON", "OBJECT", "MESSAGE"]
    about = web.ok("events", "--for", "deployment/web", "--no-headers")
    assert [one.split()[3] for one in about.splitlines()] == ["Deployment/web"]
    warnings = web.ok("events", "--types=warning", "--no-headers").splitlines()
    assert {one.split("  ")[1].strip() for one in warnings} == {"Warning"}
    found = json.loads(web.ok("events", "-o", "json"))
    assert found["kind"] == "EventList"
    times = [event["lastTimestamp"] for event in found["items"]]
    assert times == sorted(times)


def test_events_are_watched(localkube: Localkube) -> None:
    localkube.up(deployment(replicas=0))
    with running(localkube, "events", "-w", "--for=deployment/web", "-A") as watch:
        localkube.ok("scale", "deployment/web", "--replicas=1")
        assert line(watch).split() == [
            "NAMESPACE",
            "LAST",
            "SEEN",
            "TYPE",
            "REASON",
            "OBJECT",
            "MESSAGE",
        ]
        assert "Scaled pods of template" in line(watch)
        watch.send_signal(signal.SIGINT)
        assert watch.wait(timeout=PATIENCE_S) == 130


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("-n other", 0, "No events found in other namespace.\n"),
        ("-A --for pod/nothing", 0, "No events found.\n"),
        ("--for web", 2, "--for must be in resource/name form"),
        ("--types=Error", 2, "valid --types are Normal or Warning"),
    ],
)
def test_events_without_any(web: Localkube, arguments: str, code: int, message: str) -> None:
    result = web.run("events", *arguments.split())

    assert (result.code, result.out) == (code, "")
    assert message in result.err


def test_top_prints_millicores_and_mebibytes(web: Localkube) -> None:
    lines = [one.split() for one in web.ok("top", "pods", "-l", "app=web").splitlines()]

    assert lines[0] == ["NAME", "CPU(cores)", "MEMORY(bytes)"]
    assert [one[0] for one in lines[1:]] == [
        p["metadata"]["name"] for p in web.pods("-l", "app=web")
    ]
    assert all(
        re.fullmatch(r"\d+m", one[1]) and re.fullmatch(r"[1-9]\d*Mi", one[2]) for one in lines[1:]
    )
    name = lines[1][0]
    containers = web.ok("top", "pod", name, "--containers", "--no-headers").split()
    assert containers[:2] == [name, "web"]
    total = web.ok("top", "pods", "-A", "--sum", "--sort-by=memory").splitlines()
    assert total[0].split()[0] == "NAMESPACE"
    assert total[-2].split() == ["________", "________"]


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("pods -n other", 0, "No resources found in other namespace."),
        ("pod gone", 1, "Pod default/gone not found"),
        ("nodes", 2, "use top pods; there are no nodes here"),
        ("pods --sort-by=disk", 2, "--sort-by accepts only cpu or memory"),
        ("pod web -l app=web", 2, "only one of NAME or selector can be provided"),
    ],
)
def test_top_without_any(web: Localkube, arguments: str, code: int, message: str) -> None:
    result = web.run("top", *arguments.split())

    assert (result.code, result.out) == (code, "")
    assert message in result.err


def test_set_env_and_image_change_the_template(localkube: Localkube) -> None:
    localkube.up(deployment(container={"env": [{"name": "OLD", "value": "1"}]}), service())

    def listed() -> list[str]:
        return localkube.ok("set", "env", "deployment/web", "--list").splitlines()

    name = "# POD_NAME from field path metadata.name"
    assert listed() == ["# Deployment web, container web", name, "OLD=1"]
    changed = localkube.ok("set", "env", "deployment/web", "OLD-", "-n", "default", "NEW=a=b")
    assert changed == "deployment.apps/web env updated\n"
    assert listed()[1:] == [name, "NEW=a=b"]
    localkube.ok("rollout", "status", "deployment/web")
    assert localkube.fetch("/env/NEW") == "a=b"
    assert localkube.ok("set", "env", "deployment/web", "NEW=a=b") == ""
    refused = localkube.run("set", "env", "deployment/web", "NEW=c", "--overwrite=false")
    assert refused.err == "localkube: 'NEW' already has a value (a=b), and --overwrite is false\n"

    image = localkube.ok("set", "image", "deploy/web", "web=crash:2")
    assert image == "deployment.apps/web image updated\n"
    assert localkube.objects("deploy", "web")[0]["spec"]["template"]["spec"]["containers"][0][
        "image"
    ] == ("crash:2")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("env A=1", 2, "one or more resources must be specified as <resource> <name>"),
        ("env A=1 deployment/web", 2, "all resources must be specified before environment changes"),
        ("env deployment/web", 2, "name what to set as KEY=VALUE or to remove as KEY-"),
        ("env deployment/web A=1 A-", 2, "can not both modify and remove an environment variable"),
        ("env svc/web A=1", 2, "a Service has no pod template here; name a deployment"),
        ("env deployment/gone A=1", 1, "Deployment default/gone not found"),
        ("image deployment/web", 2, "at least one image update is required"),
        ("image deployment/web other=web:2", 1, 'unable to find container named "other"'),
        ("resources deployment/web", 2, "set resources: unknown, the nearest is"),
    ],
)
def test_set_refuses_in_one_line(web: Localkube, arguments: str, code: int, message: str) -> None:
    result = web.run("set", *arguments.split())

    assert (result.code, result.out) == (code, "")
    assert message in result.err
    assert result.err.count("\n") == 1


@pytest.mark.parametrize("what", ["svc/web 0:9000", "deployment/web :8000", "deployment/web :http"])
def test_port_forward_reaches_a_pod_until_it_ends(localkube: Localkube, what: str) -> None:
    localkube.up(deployment(), service())
    what = what.replace(" 0:", " :")
    with running(localkube, "port-forward", *what.split(), "--address=127.0.0.1") as forward:
        said = re.fullmatch(r"Forwarding from 127\.0\.0\.1:(\d+) -> 8000", line(forward))
        assert said
        name = localkube.pods()[0]["metadata"]["name"]
        assert fetch(f"http://127.0.0.1:{said[1]}/") == name
        assert line(forward) == f"Handling connection for {said[1]}"
        localkube.ok("delete", "pod", name)
        _, error = forward.communicate(timeout=PATIENCE_S)
    assert (forward.returncode, error) == (1, "localkube: lost connection to pod\n")


def test_ctrl_c_ends_a_forward(web: Localkube) -> None:
    with running(web, "port-forward", "svc/web", ":9000") as forward:
        assert line(forward).startswith("Forwarding from ")
        forward.send_signal(signal.SIGINT)
        _, error = forward.communicate(timeout=PATIENCE_S)
    assert (forward.returncode, error) == (130, "")


def test_a_forward_to_a_port_without_a_listener_is_one_line(web: Localkube) -> None:
    with running(web, "port-forward", "deployment/web", ":1", "--address=127.0.0.1") as forward:
        port = line(forward).split()[2].rpartition(":")[2]
        with socket.create_connection(("127.0.0.1", int(port))) as connection:
            assert connection.recv(1) == b""
        assert forward.stderr is not None
        said = forward.stderr.readline()
    assert said == f"localkube: an error occurred forwarding {port} -> 1: Connect call failed " or (
        said.startswith(f"localkube: an error occurred forwarding {port} -> 1: ")
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("svc/web", 2, "TYPE/NAME and list of ports are required for port-forward"),
        ("svc/web 9999", 1, "Service web does not have a service port 9999"),
        ("svc/web admin", 1, "Service 'web' does not have a named port 'admin'"),
        ("deployment/web admin", 1, "does not have a named port 'admin'"),
        ("deployment/web x:8000", 2, 'error parsing local port "x"'),
        ("cm/web 1", 2, "cannot attach to a ConfigMap"),
        ("deployment/never 8000 --pod-running-timeout=10ms", 1, "timed out waiting for the"),
        ("pod/gone 8000", 1, "Pod default/gone not found"),
        ("svc/web :9000 --address=127.0.0.256", 1, "unable to listen on port 0"),
    ],
)
def test_port_forward_refuses_in_one_line(
    web: Localkube, arguments: str, code: int, message: str
) -> None:
    result = web.run("port-forward", *arguments.split())

    assert (result.code, result.out) == (code, "")
    assert message in result.err
    assert result.err.count("\n") == 1


def test_a_local_port_in_use_is_one_line(web: Localkube) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = web.run("port-forward", "svc/web", f"{port}:9000", "--address=127.0.0.1")

    assert result.code == 1
    assert result.err.startswith(f"localkube: unable to listen on port {port}: 127.0.0.1: ")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("cp web:/tmp/x x", 'unknown command "cp", the nearest is '),
        (
            "get pods --wathc",
            "unknown flag: --wathc, the nearest is --watch; get takes --namespace,",
        ),
        ("logs web --timestamps", "unknown flag: --timestamps, the nearest is "),
        ("rollout undo deployment/web", "rollout undo: unknown, the nearest is status; use status"),
        ("get pods -o wied", "-o/--output wied: unknown, the nearest is wide; use wide, yaml"),
        ("get pod web --fol", "unknown flag: --fol"),
    ],
)
def test_what_is_not_supported_names_the_nearest(
    web: Localkube, arguments: str, message: str
) -> None:
    result = web.run(*arguments.split())

    assert (result.code, result.out) == (2, "")
    assert result.err.startswith(f"localkube: {message}")
    assert result.err.count("\n") == 1


@pytest.mark.parametrize(
    "arguments",
    ["-n default get service web", "get service -n default web", "get --no-headers=false svc web"],
)
def test_options_may_be_anywhere_as_with_kubectl(web: Localkube, arguments: str) -> None:
    assert web.ok(*arguments.split()).splitlines()[1].split()[0] == "web"
