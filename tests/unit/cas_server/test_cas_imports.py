"""What the authorization server imports beyond the chassis."""

import subprocess
import sys

OWN = {"argon2", "cas_server", "cryptography", "hiredis", "redis"}
# redis-py needs a backport of asyncio.timeout there.
BACKPORTS = {"async_timeout"} if sys.version_info < (3, 11, 3) else set[str]()
CODE = """
import chassis, sys
before = {name.partition(".")[0] for name in sys.modules}
import cas_server.__main__
after = {name.partition(".")[0] for name in sys.modules}
print(*sorted(name for name in after - before - sys.stdlib_module_names if name[0] != "_"))
"""


def test_cas_server_imports_redis_and_argon2() -> None:
    """redis-py asks whether `cryptography` is there, and loads nothing of it."""
    printed = subprocess.check_output([sys.executable, "-c", CODE], text=True, timeout=60)
    assert set(printed.split()) == OWN | BACKPORTS


def test_a_rotation_loads_the_cipher() -> None:
    code = (
        "from cas_server.tokens.token_pairs import TokenResponse, seal; import sys;"
        "loaded = 'cryptography.hazmat' in sys.modules;"
        "seal('token', TokenResponse('a', 1, 's', 'r'));"
        "print(loaded, 'cryptography.hazmat' in sys.modules)"
    )
    printed = subprocess.check_output([sys.executable, "-c", code], text=True, timeout=60)
    assert printed == "False True\n"
