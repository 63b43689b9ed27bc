"""What the scripts of the component redis-sentinel do where something is missing."""

import shlex
import subprocess
from pathlib import Path

import pytest

from sentinel_suite import SCRIPTS, SentinelSuite, Server


@pytest.fixture
def stopped(tmp_path: Path) -> SentinelSuite:
    """All six, none of them running, on addresses that nobody else takes."""
    return SentinelSuite(tmp_path, "127.1.1")


def _lib(server: Server, command: str) -> int:
    """Run a function of lib.sh as a script of this server would; return its exit code."""
    script = f". {shlex.quote(str(SCRIPTS / 'lib.sh'))}; {command}"
    arguments = ["/bin/sh", "-euc", script]
    return subprocess.run(arguments, env=server.environment, check=False).returncode


@pytest.mark.parametrize("password", ["", "two words", 'a"quote', "a\\b"])
@pytest.mark.parametrize("kind", ["redis", "sentinels"])
def test_a_password_that_redis_would_read_otherwise_starts_nothing(
    stopped: SentinelSuite, kind: str, password: str
) -> None:
    """An empty one would let in whoever gives none."""
    secret = stopped.directory / "secrets/cas-server-password"
    secret.write_text(password)
    server: Server = getattr(stopped, kind)[0]
    server.start()
    assert server.wait() == 1
    assert f"{secret} has to be one word" in server.log


def test_sentinels_that_do_not_answer_are_no_first_start(stopped: SentinelSuite) -> None:
    """Who was primary would resume as that, without what it had acknowledged last."""
    assert _lib(stopped.redis[0], "first_start") == 1


def test_a_first_start_is_one_that_most_sentinels_know_nothing_before(
    stopped: SentinelSuite,
) -> None:
    for sentinel in stopped.sentinels[:2]:
        sentinel.start()
    try:
        assert _lib(stopped.redis[0], "until first_start; do sleep 0.1; done") == 0
        stopped.sentinels[1].kill()
        assert _lib(stopped.redis[0], "first_start") == 1, "one of three is not most"
    finally:
        stopped.stop()
