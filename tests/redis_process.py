"""A real Redis with the permissions of a deployment."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from chassis.testing import redis_process
from chassis.testing.redis_process import RedisProcess, default_user
from suitectl.secrets.dev import users_acl

_PASSWORD = "password-of-cas-server"
AS_CAS_SERVER = {
    "spring.data.redis.username": "cas-server",
    "spring.data.redis.password": _PASSWORD,
}
"""The settings by which cas-server connects with the ACL of a deployment."""
PATIENT = {"spring.data.redis.timeout": "30s"}
"""For tests in which Redis responds, even on a busy machine."""


def store(port: int) -> dict[str, str]:
    """Return the settings of a patient cas-server on this Redis."""
    address = {"spring.data.redis.host": "127.0.0.1", "spring.data.redis.port": str(port)}
    return {**address, **AS_CAS_SERVER, **PATIENT}


def durable_redis(directory: Path) -> RedisProcess:
    """Return a Redis, not started yet, whose data survive its end."""
    # Without fsync no write is postponed, not even on a busy disk, and the file survives a kill.
    return RedisProcess(directory, "--appendonly", "yes", "--appendfsync", "no", users=_users())


@contextmanager
def redis_port(directory: Path) -> Iterator[int]:
    """Run a Redis during the block: a container if REDIS_IMAGE is set, else a process."""
    with redis_process.redis_port(directory, users=_users()) as port:
        yield port


def _users() -> str:
    """Return an ACL file: the tests may do everything, cas-server what a deployment allows."""
    _, cas_server = users_acl(_PASSWORD).splitlines()
    return f"{default_user()}{cas_server}\n"
