"""ConfigMaps and Secrets: mounted, changed as by kubelet, edited by users."""

import json
import stat
from pathlib import Path
from typing import Any

from eventually import poll
from integration.localkube.kit import Localkube, deployment, fetch, pid_of

PATH = "/etc/suite/config"
MOUNTED: dict[str, Any] = {
    "env": [{"name": "CONFIG_DIR", "value": PATH}],
    "args": [f"--config={PATH}/application.yaml"],
    "volumeMounts": [{"name": "config", "mountPath": PATH, "readOnly": True}],
}
POD = {"volumes": [{"name": "config", "configMap": {"name": "web"}}]}


def _config(text: str) -> dict[str, Any]:
    head = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}}
    return {**head, "data": {"application.yaml": text}}


def _up(localkube: Localkube, text: str = "greeting: hello\n") -> None:
    result = localkube.up(_config(text), deployment(container=MOUNTED, pod=POD))
    assert result.code == 0, result.err


def _served(localkube: Localkube) -> str:
    return fetch(f"http://{localkube.pods()[0]['status']['podIP']}:8000/config")


def _mount(localkube: Localkube) -> Path:
    return Path(localkube.pods()[0]["metadata"]["annotations"]["localkube/volume.config"])


def test_mount_paths_are_real_in_arguments_and_environment(localkube: Localkube) -> None:
    _up(localkube)
    url = f"http://{localkube.pods()[0]['status']['podIP']}:8000"

    assert _served(localkube) == "greeting: hello\n"
    assert fetch(f"{url}/env/CONFIG_DIR") == str(_mount(localkube))
    assert fetch(f"{url}/argv") == f"--config={_mount(localkube)}/application.yaml"


def test_a_change_swaps_data_and_restarts_nothing(localkube: Localkube) -> None:
    """docs/design/runtime.md, "Mounted ConfigMaps": the rename of ..data is atomic."""
    _up(localkube)
    before, pid = (_mount(localkube) / "..data").readlink(), pid_of(localkube.pods()[0])

    localkube.ok("apply", "-f", "-", stdin=json.dumps(_config("greeting: new\n")))

    assert _served(localkube) == "greeting: new\n"
    assert (_mount(localkube) / "..data").readlink() != before
    assert not (_mount(localkube) / before).exists()
    assert pid_of(localkube.pods()[0]) == pid


def test_the_same_content_writes_nothing(localkube: Localkube) -> None:
    _up(localkube)
    before = (_mount(localkube) / "..data").readlink()

    said = localkube.ok("apply", "-f", "-", stdin=json.dumps(_config("greeting: hello\n")))

    assert "unchanged" in said
    assert (_mount(localkube) / "..data").readlink() == before


def test_edit_shows_strings_as_they_were_written(localkube: Localkube) -> None:
    _up(localkube, "greeting: hello\n---\nprofile: dev\nlist: [a, b]\n")

    said = localkube.ok("edit", "cm", "web", KUBE_EDITOR="sed -i 's/greeting: hello/greeting: hi/'")

    assert said.strip() == "configmap/web patched"
    assert _served(localkube) == "greeting: hi\n---\nprofile: dev\nlist: [a, b]\n"
    assert "no changes" in localkube.ok("edit", "cm", "web", KUBE_EDITOR="true")


def test_an_invalid_edit_changes_nothing(localkube: Localkube) -> None:
    _up(localkube)

    wrong = localkube.run("edit", "cm", "web", KUBE_EDITOR="sed -i 's/^data:/dat:/'")

    assert wrong.code == 2
    assert "ConfigMap default/web: dat" in wrong.err
    assert _served(localkube) == "greeting: hello\n"


def test_a_pod_waits_for_a_config_map_that_comes_later(localkube: Localkube) -> None:
    localkube.up(deployment("first", replicas=0))
    later = deployment(container=MOUNTED, pod=POD)
    localkube.ok("apply", "-f", "-", stdin=json.dumps(later))
    poll(lambda: "FailedMount" in localkube.ok("get", "events"))

    localkube.ok("apply", "-f", "-", stdin=json.dumps(_config("a: b\n")))

    poll(lambda: "1/1" in localkube.ok("get", "pods"))
    assert _served(localkube) == "a: b\n"


def test_up_fails_on_a_missing_config_map(localkube: Localkube) -> None:
    result = localkube.up(deployment(container=MOUNTED, pod=POD))

    assert result.code == 1
    assert "ConfigMap default/web does not exist" in result.err


def test_a_secret_is_files_of_its_keys_and_never_described(localkube: Localkube) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "credentials"},
        "stringData": {"client-secret": "very-secret"},
    }
    pod = {"volumes": [{"name": "config", "secret": {"secretName": "credentials"}}]}
    localkube.up(secret, deployment(container=MOUNTED, pod=pod))

    assert (_mount(localkube) / "client-secret").read_text() == "very-secret"
    for shown in (localkube.ok("describe", "secret", "credentials"), localkube.ok("get", "events")):
        assert "very-secret" not in shown
        assert "dmVyeS1zZWNyZXQ" not in shown
    assert "very-secret" not in (localkube.state / "localkube.log").read_text()


def test_localkubes_files_are_private(localkube: Localkube) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "credentials"},
        "stringData": {"client-secret": "very-secret", "tool": "x"},
    }
    items = [{"key": "client-secret", "path": "deep/secret"}, {"key": "tool", "path": "tool"}]
    volumes = [
        {"name": "config", "secret": {"secretName": "credentials"}},
        {"name": "run", "secret": {"secretName": "credentials", "defaultMode": 0o755}},
        {
            "name": "chosen",
            "projected": {"sources": [{"secret": {"name": "credentials", "items": items}}]},
        },
        {"name": "work", "emptyDir": {}},
    ]
    localkube.up(secret, deployment(container=MOUNTED, pod={"volumes": volumes}))

    found = {path: path.lstat() for path in [localkube.state, *localkube.state.rglob("*")]}
    open_to_others = [
        str(path)
        for path, status in found.items()
        if not stat.S_ISLNK(status.st_mode) and status.st_mode & 0o077
    ]
    volumes_at = _mount(localkube).parent
    assert open_to_others == []
    assert (volumes_at / "config" / "client-secret").stat().st_mode & 0o777 == 0o600
    assert (volumes_at / "run" / "tool").stat().st_mode & 0o777 == 0o700
    assert (volumes_at / "chosen" / "deep" / "secret").read_text() == "very-secret"


def test_a_volume_that_cannot_be_mounted_does_not_block_updates_of_others(
    localkube: Localkube,
) -> None:
    gone = {"name": "later", "configMap": {"name": "gone"}}
    localkube.up(
        _config("a: b\n"),
        {**_config("x: y\n"), "metadata": {"name": "gone"}},
        deployment(container=MOUNTED, pod={"volumes": [gone, *POD["volumes"]]}),
    )
    localkube.ok("delete", "cm", "gone")

    localkube.ok("apply", "-f", "-", stdin=json.dumps(_config("c: d\n")))

    assert _served(localkube) == "c: d\n"


def test_an_environment_is_bytes_and_a_nul_byte_is_reported(localkube: Localkube) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "bytes"},
        "data": {"latin": "6Q==", "nul": "YQBi"},
    }

    def variable(key: str) -> dict[str, Any]:
        origin = {"secretKeyRef": {"name": "bytes", "key": key}}
        return {"env": [{"name": "VALUE", "valueFrom": origin}]}

    localkube.up(secret, deployment(container=variable("latin")))
    nul = deployment("nul", container=variable("nul"))
    localkube.ok("apply", "-f", "-", stdin=json.dumps(nul))

    poll(lambda: "embedded null byte" in localkube.ok("describe", "pods"))
    assert "1/1" in localkube.ok("get", "pods", "-l", "app=web")
