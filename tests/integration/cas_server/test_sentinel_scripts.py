"""The scripts of the component redis-sentinel when something is missing."""

import shlex
import subprocess
from pathlib import Path

import pytest

from sentinel_suite import SCRIPTS, SentinelSuite, Server


@pytest.fixture
def stopped(tmp_path: Path) -> SentinelSuite:
    """All six servers, stopped, on addresses that no other test uses."""
    return SentinelSuite(tmp_path, "127.1.1")


def _lib(server: Server, command: str) -> int:
    """Run a function of lib.sh like a script of this server; return its exit code."""
    script = f". {shlex.quote(str(SCRIPTS / 'lib.sh'))}; {command}"
    arguments = ["/bin/sh", "-euc", script]
    return subprocess.run(arguments, env=server.environment, check=False).returncode


@pytest.mark.parametrize("password", ["", "two words", 'a"quote', "a\\b"])
@pytest.mark.parametrize("kind", ["redis", "sentinels"])
def test_a_password_that_redis_would_misread_prevents_the_start(
    stopped: SentinelSuite, kind: str, password: str
) -> None:
    """An empty password would admit clients without one."""
    secret = stopped.directory / "secrets/cas-server-password"
    secret.write_text(password)
    server: Server = getattr(stopped, kind)[0]
    server.start()
    assert server.wait() == 1
    assert f"{secret} has to be one word" in server.log


def test_unreachable_sentinels_are_not_a_first_start(stopped: SentinelSuite) -> None:
    """The old primary would resume without its last acknowledged writes."""
    assert _lib(stopped.redis[0], "first_start") == 1


def test_a_first_start_needs_a_majority_of_sentinels_that_know_no_primary(
    stopped: SentinelSuite,
) -> None:
    for sentinel in stopped.sentinels[:2]:
        sentinel.start()
    try:
        assert _lib(stopped.redis[0], "until first_start; do sleep 0.1; done") == 0
        stopped.sentinels[1].kill()
        assert _lib(stopped.redis[0], "first_start") == 1, "one of three is not a majority"
    finally:
        stopped.stop()
