"""`exec`: a command in a pod's environment, as kubectl's."""

import json
from collections.abc import Iterator

import pytest

from integration.localkube.conftest import prepared
from integration.localkube.kit import Localkube, deployment, service

MOUNTED = {
    "env": [{"name": "CONFIG_DIR", "value": "/etc/web/config"}],
    "volumeMounts": [{"name": "config", "mountPath": "/etc/web/config"}],
}
VOLUMES = {"volumes": [{"name": "config", "configMap": {"name": "web"}}]}
CONFIG = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "web"},
    "data": {"application.yaml": "mounted: true\n"},
}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Localkube]:
    """Provide a ready pod with a mount and a Service."""
    kube = prepared(tmp_path_factory.mktemp("exec"))
    assert kube.up(CONFIG, deployment(container=MOUNTED, pod=VOLUMES), service()).code == 0
    yield kube
    kube.run("down", "--grace-period", "1")


def pod(kube: Localkube) -> str:
    (found,) = json.loads(kube.ok("get", "pods", "-o", "json"))["items"]
    return str(found["metadata"]["name"])


def test_a_command_has_the_pods_variables_and_mounts(web: Localkube) -> None:
    name = pod(web)
    script = 'echo "$POD_NAME $HOSTNAME"; cat "$CONFIG_DIR/application.yaml"; cat "$0"'
    for what in (name, f"pod/{name}", "deployment/web", "svc/web"):
        out = web.ok("exec", what, "--", "sh", "-c", script, "/etc/web/config/application.yaml")
        assert out == f"{name} {name}\nmounted: true\nmounted: true\n"


def test_nothing_of_the_callers_environment_comes_along(
    web: Localkube, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OF_THE_CALLER", "x")
    assert "OF_THE_CALLER" in web.environment()
    seen = web.ok("exec", pod(web), "--", "env")
    assert "POD_NAME=" in seen
    assert "OF_THE_CALLER" not in seen


@pytest.mark.parametrize("code", [0, 3, 42])
def test_its_exit_code_is_the_commands(web: Localkube, code: int) -> None:
    result = web.run("exec", pod(web), "--", "sh", "-c", f"echo out; echo err >&2; exit {code}")
    assert (result.code, result.out, result.err) == (code, "out\n", "err\n")


def test_options_behind_the_dashes_are_the_commands(web: Localkube) -> None:
    assert web.ok("exec", pod(web), "-c", "web", "--", "echo", "-n", "x", "--", "-c") == "x -- -c"


def test_standard_input_is_passed_on_when_asked_for(web: Localkube) -> None:
    assert web.ok("exec", "-i", pod(web), "--", "cat", stdin="typed") == "typed"
    assert web.ok("exec", "-it", "deploy/web", "--", "cat", stdin="typed") == "typed"
    assert web.ok("exec", pod(web), "--", "cat", stdin="typed") == ""


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ("deploy/web", 2, "write: exec POD or TYPE/NAME -- COMMAND"),
        ("deploy/web --", 2, "write: exec POD or TYPE/NAME -- COMMAND"),
        ("deploy/web ls", 2, "write: exec POD or TYPE/NAME -- COMMAND"),
        ("-- ls", 2, "write: exec POD or TYPE/NAME -- COMMAND"),
        ("none -- ls", 1, "Pod default/none not found"),
        ("configmap/web -- ls", 2, "cannot attach to a ConfigMap"),
        ("deploy/web -c other -- ls", 1, 'container not found ("other")'),
        ("deploy/web -- no-such-program", 127, "executable file not found in $PATH"),
        ("deploy/web -- /etc/web/config", 126, "Permission denied"),
    ],
)
def test_what_cannot_run_is_one_line(
    web: Localkube, arguments: str, code: int, message: str
) -> None:
    result = web.run("exec", *arguments.split())
    assert (result.code, result.out) == (code, "")
    assert message in result.err
    assert result.err.count("\n") == 1
