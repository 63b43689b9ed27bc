"""cas-server loads of redis-py what it uses, and leaves the rest to others."""

import re
import subprocess
import sys
from pathlib import Path

import cas_server

SOURCES = Path(cas_server.__file__).parent
IMPORT = re.compile(r"^\s*(?:from|import) redis\b", re.MULTILINE)


def printed(code: str) -> str:
    return subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60).strip()


def test_one_module_imports_redis_py() -> None:
    found = [path.name for path in SOURCES.rglob("*.py") if IMPORT.search(path.read_text())]
    assert found == ["redis_py.py"]


def test_a_service_loads_no_client_of_redis_py() -> None:
    code = "import sys, cas_server.__main__; print(*(n for n in sys.modules if 'redis.' in n))"
    loaded = set(printed(code).split())
    assert "redis.asyncio.connection" in loaded
    assert not loaded & {"redis.client", "redis.asyncio.client", "redis.commands", "redis.cluster"}


def test_redis_py_can_be_used_beside_cas_server() -> None:
    code = """if True:
        import cas_server.stores.redis_py as own
        from redis import exceptions
        import redis, redis.asyncio, redis.commands
        print(redis.Redis.__name__, redis.asyncio.Redis.get.__name__)
        print(redis.asyncio.Connection is own.Connection)
        print(redis.exceptions.RedisError is exceptions.RedisError is own.RedisError)
    """
    assert printed(code).splitlines() == ["Redis get", "True", "True"]
