"""docs/design/identities.md, "Who may what in Redis": exactly what the token store needs."""

import socket
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
import yaml
from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

from chassis.testing.redis_process import free_port
from eventually import poll
from localkube.engine.pods.volumes import Mounts
from redis_servers import VERSIONS, program_of
from suitectl.root import ROOT
from suitectl.secrets.dev import documents

STORE, USERS = (document["stringData"] for document in documents())
REFUSED = (
    *("CONFIG GET *", "CONFIG SET requirepass x", "CONFIG REWRITE", "ACL LIST", "ACL WHOAMI"),
    *("ACL SETUSER cas-server +@all", "DEBUG SLEEP 0", "MODULE LIST", "MODULE LOAD /tmp/x.so"),
    *("REPLICAOF 127.0.0.1 1", "SLAVEOF NO ONE", "FLUSHALL", "FLUSHDB", "SWAPDB 0 1"),
    *(
        "KEYS *",
        "SCAN 0",
        "RANDOMKEY",
        "INFO",
        "MONITOR",
        "SHUTDOWN NOSAVE",
        "SAVE",
        "BGREWRITEAOF",
    ),
    *("CLIENT LIST", "CLIENT KILL TYPE normal", "SCRIPT FLUSH", "SUBSCRIBE x", "PUBLISH x x"),
    *("GET foreign", "SET foreign 1", "DEL foreign", "MGET t:mine foreign", "RENAME t:a t:b"),
    *("EVAL return(redis.call('GET','foreign')) 0", "EVAL return(redis.call('FLUSHALL')) 0"),
    *("DUMP t:a", "OBJECT FREQ t:a", "MIGRATE 127.0.0.1 1 t:a 0 1", "SELECT 1"),
)
REFUSAL = r"(?i)no permission|can't (run|access)|command not allowed"


@pytest.fixture(scope="module", params=VERSIONS)
def command(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Sequence[str]:
    """Return Redis with the arguments of `k8s/base` and the ACL file of its generated Secret."""
    directory = tmp_path_factory.mktemp("redis")
    server = program_of(request.param, directory)
    if server is None:
        pytest.skip(f"no Redis {request.param} here; Debian's redis-tools has 7")
    return [str(server), *_arguments(directory)]


@pytest.fixture(scope="module")
def port(command: Sequence[str]) -> Iterator[int]:
    with _running(command) as port:
        yield port


@pytest.fixture
def cas_server(port: int) -> Iterator[Redis]:
    with _as_cas_server(port) as client:
        yield client


def test_every_command_of_the_token_store_is_allowed(cas_server: Redis) -> None:
    assert cas_server.ping()
    assert cas_server.set("t:mine", "1", ex=9)
    assert cas_server.eval("return redis.call('GET', KEYS[1])", 1, "t:mine") == "1"


def test_writes_of_a_script_survive_a_restart(command: Sequence[str], tmp_path: Path) -> None:
    """Redis replays its AOF as the user `default`, and checks its permissions in each EXEC.

    A script's writes are between MULTI and EXEC: https://github.com/redis/redis/issues/14541.
    """
    command = [*command, "--dir", str(tmp_path)]
    write = "redis.call('SET', 't:a', 1, 'EX', 99) redis.call('HSET', 'f:a', 'state', 1)"
    enter = "redis.call('ZADD', 'g:a', 1, 'a') redis.call('PEXPIREAT', 'g:a', 9999999999999)"
    with _running(command) as port, _as_cas_server(port) as client:
        client.eval(f"{write} {enter}", 0)
    with _running(command) as port, _as_cas_server(port) as client:
        assert client.exists("t:a", "f:a", "g:a") == 3


@pytest.mark.parametrize("refused", REFUSED)
def test_anything_else_is_refused(cas_server: Redis, refused: str) -> None:
    with pytest.raises(RedisError, match=REFUSAL):
        cas_server.execute_command(*refused.split(" "))  # type: ignore[no-untyped-call]  # redis-py


@pytest.mark.parametrize("credentials", [(None, None), ("default", ""), ("cas-server", "guess")])
def test_a_client_without_the_password_is_refused(port: int, credentials: tuple[Any, Any]) -> None:
    with _client(port, *credentials) as client, pytest.raises(AuthenticationError):
        client.ping()


def test_neither_arguments_nor_environment_hold_the_password(port: int) -> None:
    password = STORE["spring.data.redis.password"]
    assert password not in USERS["users.acl"]
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_bytes()
            if f"--port\0{port}".encode() in command:
                assert password.encode() not in command + (process / "environ").read_bytes()


@contextmanager
def _running(command: Sequence[str]) -> Iterator[int]:
    """Run Redis on a free port during the block."""
    port = free_port()
    with subprocess.Popen([*command, "--port", str(port)], stdout=subprocess.DEVNULL) as process:
        try:
            poll(lambda: _listens(port), "redis-server listens")
            yield port
        finally:
            process.kill()


def _as_cas_server(port: int) -> Redis:
    """Log in as cas-server does."""
    user, password = (STORE[f"spring.data.redis.{key}"] for key in ("username", "password"))
    return _client(port, user, password)


def _client(port: int, user: str | None, password: str | None) -> Redis:
    return Redis("127.0.0.1", port, username=user, password=password, decode_responses=True)


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _arguments(directory: Path) -> list[str]:
    """Return the arguments of the base, with the pod's mounts replaced by local paths."""
    (directory / "users.acl").write_text(USERS["users.acl"])
    deployment = yaml.safe_load((ROOT / "k8s/base/redis/deployment.yaml").read_text())
    mounts = Mounts({"/data": directory, "/etc/redis": directory})
    (redis,) = deployment["spec"]["template"]["spec"]["containers"]
    return [mounts.rewrite(argument) for argument in redis["args"]]
