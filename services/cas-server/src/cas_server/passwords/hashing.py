"""Hashes of secrets: argon2id for what people choose, HMAC-SHA256 for generated 256-bit ones.

argon2id with 19 MiB, two passes, one lane: OWASP's first choice for password storage, some 20 ms.
"""

import asyncio
import contextlib
import ctypes
import hashlib
import hmac
import os
import re
import secrets
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher, Type, extract_parameters
from argon2.exceptions import InvalidHashError, VerificationError

from cas_server.passwords import hash_cost
from chassis.normal_form import MAX_LENGTH, can_be_normal, nfc

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_HMAC = "hmac-sha256"
_GENERATED = re.compile(rf"{_HMAC}:[0-9a-f]{{32}}:[0-9a-f]{{64}}")
_DUMMY = (
    "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0c2FsdA$"
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
_M_MMAP_THRESHOLD = -3
_MIB = 1 << 20
GENERATED_CHARACTERS = 43
"""256 bits in base64url."""
HASHES_AT_ONCE = 2
_NICE = 10


def hash_password(password: str) -> str:
    """Return an argon2id hash of what a person chose, in NFC; raise `ValueError`."""
    return _HASHER.hash(_normal(password))


def hash_generated(secret: str) -> str:
    """Return `hmac-sha256:SALT:DIGEST` of a generated secret of 256 bits; raise `ValueError`."""
    salt = secrets.token_hex(16)
    return f"{_HMAC}:{salt}:{_digest(salt, _normal(secret))}"


def matches_blocking(stored: str, presented: str) -> bool:
    """Compare a secret with its hash, in the time argon2 takes; only off the event loop.

    The secret is compared in NFC. One that is too long costs exactly what a wrong one does.
    """
    if len(presented) > MAX_LENGTH:
        matches_blocking(_DUMMY if is_fast(stored) else stored, presented[:MAX_LENGTH])
        return False
    presented = nfc(presented)
    if stored.startswith(f"{_HMAC}:"):
        _, salt, digest = stored.split(":")
        return hmac.compare_digest(digest, _digest(salt, presented))
    try:
        return _HASHER.verify(stored, presented)
    except (VerificationError, InvalidHashError):
        return False


def is_hash(stored: str) -> bool:
    """Return whether a configured text is a hash this service can compare with."""
    if is_fast(stored):
        return _GENERATED.fullmatch(stored) is not None
    try:
        return extract_parameters(stored).type is Type.ID
    except InvalidHashError:
        return False


def fault_of(stored: str) -> str | None:
    """Return why a hash costs too little or too much; None where it does not."""
    return None if is_fast(stored) else hash_cost.fault_of(extract_parameters(stored))


def is_fast(stored: str) -> bool:
    """Return whether a comparison takes microseconds."""
    return stored.startswith(f"{_HMAC}:")


def _normal(secret: str) -> str:
    if not can_be_normal(secret):
        raise ValueError(f"is longer than {MAX_LENGTH} characters, or nothing but combining marks")
    return nfc(secret)


def _digest(salt: str, secret: str) -> str:
    return hmac.new(salt.encode(), secret.encode(), hashlib.sha256).hexdigest()


def _return_freed_memory() -> None:
    """Have each hash's 19 MiB returned to the system as soon as it is done.

    glibc raises its mmap threshold after the first one and never returns the next ones: 38 MiB a
    replica. Other C libraries have no such setting and need none.
    """
    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _MIB)


def _lower_thread_priority() -> None:
    """Have the event loop run before this thread where both need the processor.

    A request would otherwise wait for a comparison's time slice. Only Linux has a priority by
    thread.
    """
    if sys.platform == "linux":
        thread = threading.get_native_id()
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + _NICE)


class PasswordPool:
    """Compares hashes off the event loop; `Throttle` decides who may, and when."""

    def __init__(self) -> None:
        _return_freed_memory()
        self._threads = ThreadPoolExecutor(
            HASHES_AT_ONCE, thread_name_prefix="argon2", initializer=_lower_thread_priority
        )

    async def matches(self, stored: str | None, presented: str) -> bool:
        """Compare; None costs what a wrong secret costs, so that names can't be probed."""
        if stored is not None and is_fast(stored):
            if len(presented) <= MAX_LENGTH and matches_blocking(stored, presented):
                return True
            stored = None
        slow, loop = stored or _DUMMY, asyncio.get_running_loop()
        same = await loop.run_in_executor(self._threads, matches_blocking, slow, presented)
        return same and slow is stored

    def close(self) -> None:
        """Shut the threads down."""
        self._threads.shutdown(wait=False, cancel_futures=True)
