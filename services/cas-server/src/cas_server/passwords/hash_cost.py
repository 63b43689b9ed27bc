"""Bounds of what a configured argon2id hash may cost, and of what it must cost.

A cheap hash is guessed once it has leaked: OWASP's Password Storage Cheat Sheet has the least
memory for each number of passes. An expensive one makes a login an outage: two hashes are computed
at a time, in a pod of 512 MiB.
"""

from argon2 import Parameters

_LEAST_KIB = {1: 47_104, 2: 19_456, 3: 12_288, 4: 9_216}
_LEAST_KIB_OF_MORE = 7_168
"""OWASP: what memory each number of passes needs, five of them and more."""
_MOST_KIB = 128 * 1024
_MOST_WORK_KIB = 512 * 1024
"""Memory times passes: thirteen times what `hash-password` takes, 0.3 s where that is 20 ms."""
_LANES = range(1, 5)
"""RFC 9106, 4: what it recommends."""
_SALT, _DIGEST = range(8, 65), range(16, 65)
"""Bytes: RFC 9106, 4 allows a salt of 64 bits; a digest of 128 bits is hit by no chance."""
_VERSION = 19


def fault_of(parameters: Parameters) -> str | None:
    """Return why a hash with such parameters is refused; None where they are fine."""
    memory, passes = parameters.memory_cost, parameters.time_cost
    least = _LEAST_KIB.get(passes, _LEAST_KIB_OF_MORE)
    if passes < 1 or memory < least:
        return f"m={memory},t={passes} is weak: {max(passes, 1)} passes want m={least} at least"
    if memory > _MOST_KIB or memory * passes > _MOST_WORK_KIB:
        limits = f"m={_MOST_KIB} and m*t={_MOST_WORK_KIB}"
        return f"m={memory},t={passes} makes a login an outage: {limits} at most"
    if parameters.parallelism not in _LANES:
        return f"p={parameters.parallelism} is outside of 1 to {_LANES[-1]} lanes"
    if parameters.salt_len not in _SALT or parameters.hash_len not in _DIGEST:
        return "has a salt outside of 8 to 64 bytes or a digest outside of 16 to 64"
    return None if parameters.version == _VERSION else f"is of version {parameters.version}, not 19"
