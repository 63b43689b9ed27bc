"""`cas-server holders`, `families`, `tokens`, `keys`: beside a running server, as in its pod."""

import json
import os
import pty
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from cas_server.passwords.hashing import hash_password
from chassis.testing.service_process import ServiceProcess
from eventually import PATIENCE_S
from integration.cas_server.cas_process import cas_process
from redis_process import redis_port, store
from signing_keys import TO_COME, key_file

RECORD_KEY = "r" * 43


@dataclass
class Pod:
    """A server, and the directory of its configuration."""

    process: ServiceProcess
    directory: Path
    redis: int

    def run(
        self, *arguments: str, port: int | None = None, **environ: str
    ) -> "subprocess.CompletedProcess[str]":
        listens = port or urlsplit(self.process.url).port
        flags = ("--server.address=127.0.0.1", f"--server.port={listens}")
        return subprocess.run(
            [sys.executable, "-m", "cas_server", *arguments, *flags],
            env={**os.environ, "CONFIG_DIR": str(self.directory), "SECRETS_DIR": "/x", **environ},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )

    def rows(self, *arguments: str) -> Sequence[Mapping[str, Any]]:
        done = self.run(*arguments)
        assert (done.returncode, done.stderr) == (0, "")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def post(self, path: str, **form: str) -> httpx.Response:
        auth = ("demo-app", "demo-secret")
        return httpx.post(self.process.url + path, data=form, auth=auth, timeout=PATIENCE_S)

    def login(self, user: str) -> Mapping[str, Any]:
        form = {"grant_type": "password", "username": user, "password": f"{user}-secret"}
        return dict(self.post("/oauth/token", **form).raise_for_status().json())


@pytest.fixture(scope="module")
def pod(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pod]:
    directory = tmp_path_factory.mktemp("pod")
    (directory / "redis").mkdir()
    (directory / "config").mkdir()
    with redis_port(directory / "redis") as port:
        settings = {"profiles": "prod", **store(port)}
        with cas_process(directory / "config", _identities(), settings) as process:
            yield Pod(process, directory / "config", port)


def _identities() -> Mapping[str, Any]:
    client = {
        "client-secret": hash_password("demo-secret"),
        "authorized-grant-types": ["password", "refresh_token"],
        "resource-ids": ["order-service"],
        "scope": ["read"],
    }
    users = {name: {"password": hash_password(f"{name}-secret")} for name in ("alice", "bob")}
    return {
        "record-keys": [RECORD_KEY],
        "password-grant-clients": ["demo-app"],
        "clients": {"demo-app": client},
        "users": users,
        **key_file("20200101T000000Z"),
        **key_file(TO_COME, number=1),
    }


def test_an_operator_lists_and_ends_the_families_of_a_user(pod: Pod) -> None:
    of_alice, of_bob = pod.login("alice"), pod.login("bob")
    (row,) = pod.rows("families", "--user", "alice")
    assert (row["client_id"], row["username"], row["scope"]) == ("demo-app", "alice", "read")

    assert pod.rows("families", "--user", "alice", "--end") == [{"ended": 1}]
    assert pod.rows("families", "--user", "alice") == []
    refresh = "refresh_token"
    dead = pod.post("/oauth/token", grant_type=refresh, refresh_token=of_alice[refresh])
    assert dead.json()["error"] == "invalid_grant"
    alive = pod.post("/oauth/token", grant_type=refresh, refresh_token=of_bob[refresh])
    assert alive.status_code == 200
    assert '"event_type": "ended_by_administrator"' in pod.process.output
    assert '"by": "operator:pod"' in pod.process.output


def test_one_family_and_one_token_end_by_their_names(pod: Pod) -> None:
    pod.login("alice")
    token = pod.rows("tokens", "--client", "demo-app", "--user", "alice")[0]["token"]
    (family, *_) = pod.rows("families", "--user", "alice")

    assert pod.rows("tokens", "--client", "demo-app", "--end", token) == [{"ended": 1}]
    again = pod.run("tokens", "--client", "demo-app", "--end", token)
    assert again.returncode == 1
    assert again.stderr == "cas-server: The client has no such access token; it may have ended\n"
    assert pod.rows("families", "--end", family["family"]) == [{"ended": 1}]


def test_holders_and_keys_are_shown(pod: Pod) -> None:
    pod.login("bob")
    rows = pod.rows("holders")
    kinds = {(row["kind"], row["client_id"], row.get("username")) for row in rows}
    assert {("access tokens", "demo-app", None), ("families", "demo-app", "bob")} <= kinds
    key, _ = pod.rows("keys")
    assert (key["name"], key["alg"]) == ("20200101T000000Z-es256", "ES256")
    assert key["signs_from"] == 1577836800


def test_the_next_key_signs_at_once(pod: Pod) -> None:
    assert _states(pod.rows("keys")) == ["signs", "to come"]
    assert _states(pod.rows("keys", "--rotate")) == ["signed", "signs"]
    refused = pod.run("keys", "--rotate")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("cas-server: No signing key is to come: mount the next one")


def _states(keys: Sequence[Mapping[str, Any]]) -> Sequence[str]:
    return [key["state"] for key in keys]


def test_all_that_a_user_holds_ends_at_once(pod: Pod) -> None:
    tokens = pod.login("bob")
    ended = {row["kind"]: row["ended"] for row in pod.rows("end", "--user", "bob")}
    assert list(ended) == ["sessions", "consents", "families", "tokens"]
    assert ended["families"] >= 1
    assert pod.rows("tokens", "--user", "bob") == []
    checked = pod.post(
        "/oauth/token", grant_type="refresh_token", refresh_token=tokens["refresh_token"]
    )
    assert checked.json()["error"] == "invalid_grant"


def test_a_terminal_gets_a_table(pod: Pod) -> None:
    pod.login("bob")
    head, row, *_ = _on_a_terminal(pod, "families", "--user", "bob")
    assert head.split() == ["FAMILY", "CLIENT", "USER", "SCOPE", "ISSUED", "ENDS", "REFRESHES"]
    assert row.split()[1:4] == ["demo-app", "bob", "read"]
    assert _on_a_terminal(pod, "tokens", "--user", "alice", "--end") == ["ENDED", "0"]
    assert "make secrets ROTATE=keys" in " ".join(_on_a_terminal(pod, "keys"))


def _on_a_terminal(pod: Pod, *arguments: str) -> list[str]:
    master, slave = pty.openpty()
    port = urlsplit(pod.process.url).port
    command = [sys.executable, "-m", "cas_server", *arguments, f"--server.port={port}"]
    env = {**os.environ, "CONFIG_DIR": str(pod.directory), "SECRETS_DIR": "/x"}
    process = subprocess.Popen(command, env=env, stdout=slave, stderr=slave)
    os.close(slave)
    text = b""
    try:
        while piece := os.read(master, 65536):
            text += piece
    except OSError:  # the terminal's end
        pass
    os.close(master)
    assert process.wait(PATIENCE_S) == 0, text
    return text.decode().splitlines()


@pytest.mark.parametrize(
    ("arguments", "code", "reason"),
    [
        (("families", "--end"), 1, "say whose: --client, --user, or both"),
        (("end",), 1, "say whose: --client, --user, or both"),
        (("sessions", "--end"), 1, "say whose: --user NAME"),
        (("tokens", "--end", "0f", "--user", "bob"), 1, "say whose: --client ID"),
        (("sessions", "--client=demo-app"), 2, "unrecognized arguments: --client"),
        (("keys", "--user", "alice"), 2, "unrecognized arguments"),
        (("families", "--user", "nobody"), 1, "There is no such user, or it is disabled"),
        (("families", "--end", "../keys"), 1, "The path does not exist"),
        (("families", "--end", "0f"), 1, "family"),
        (("families", "0f"), 1, "add --end"),
        (("tokens", "--user"), 2, "expected one argument"),
        (("families", "--usr=alice"), 2, "usr"),
    ],
)
def test_a_refusal_is_one_line(
    pod: Pod, arguments: tuple[str, ...], code: int, reason: str
) -> None:
    done = pod.run(*arguments)
    assert (done.returncode, done.stdout) == (code, "")
    assert reason in done.stderr.splitlines()[-1]


def test_without_a_server_the_next_step_is_named(pod: Pod) -> None:
    done = pod.run("holders", port=1)
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("cas-server: no cas-server responds at 127.0.0.1:1")
    assert "run this in a pod of it" in line


def test_with_the_demo_record_key_nobody_administers(pod: Pod, tmp_path: Path) -> None:
    (tmp_path / "application.yaml").write_text("issuer: http://login")
    done = pod.run("holders", CONFIG_DIR=str(tmp_path))
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "record-keys: has the demo key" in line


def test_other_record_keys_are_refused(pod: Pod, tmp_path: Path) -> None:
    (tmp_path / "application.yaml").write_text(f"record-keys: [{'s' * 43}]")
    done = pod.run("holders", CONFIG_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "has not the record keys of these mounts yet" in done.stderr
