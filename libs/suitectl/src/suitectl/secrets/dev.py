"""Creates the generated Secrets of `k8s/base` where they are missing.

Only the cluster stores them: the next deployment reads the password there. The rights of Redis'
users are written each time, because they belong to the version.
"""

import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from typing import Any

from suitectl.platform.platform import Platform
from suitectl.root import ROOT
from suitectl.secrets.files import secret_document
from suitectl.secrets.generated import DIRECTORY, RECORD_KEYS, new_record_key
from suitectl.secrets.in_cluster import NAMESPACE, created, data_of
from suitectl.secrets.signing_keys import SECRET as SIGNING_KEYS
from suitectl.secrets.signing_keys import SigningKeys

STORE = "cas-server-store"
"""The Secret with cas-server's login to the token store, and its record key."""
USERS = "redis-users"
"""The Secret with Redis' ACL file, which contains the password's SHA-256 only."""
_RIGHTS = ROOT / "k8s/components/redis-sentinel"
RIGHTS = _RIGHTS / "cas-server.acl"
"""The commands and keys of cas-server's user, the same wherever Redis runs."""
DEFAULT_RIGHTS = _RIGHTS / "default.acl"
"""Those of the user `default`, which cannot log in but loads Redis' own file at its start."""
_USER = "cas-server"
_PASSWORD = "spring.data.redis.password"  # noqa: S105 - the name of a setting
_BYTES = 32
_REDIS = "deployment/redis-deployment"

Documents = tuple[dict[str, Any], dict[str, Any]]


def documents(existing: Mapping[str, str] | None = None) -> Documents:
    """Return the Secrets of cas-server and of Redis; values of the first in `existing` stay."""
    store = {
        "spring.data.redis.username": _USER,
        _PASSWORD: secrets.token_urlsafe(_BYTES),
        RECORD_KEYS: new_record_key(),
    } | dict(existing or {})
    return _secret(STORE, store), _secret(USERS, {"users.acl": users_acl(store[_PASSWORD])})


def users_acl(password: str) -> str:
    """Return Redis' ACL file: no login without a password, and the rights that cas-server needs."""
    digest = hashlib.sha256(password.encode()).hexdigest()
    rights, default = RIGHTS.read_text().strip(), DEFAULT_RIGHTS.read_text().strip()
    return f"user default {default}\nuser {_USER} on #{digest} {rights}\n"


async def signing_keys() -> dict[str, Any]:
    """Return the Secret with new keys that sign tokens, one for each algorithm."""
    keys = SigningKeys(DIRECTORY, {})
    await keys.add(time.time())
    return keys.secret


async def ensure(platform: Platform) -> None:
    """Create all in the cluster where they are missing; raise `CommandFailedError`.

    Of two concurrent calls the second uses the password of the first.
    """
    if await data_of(platform, SIGNING_KEYS) is None:
        await created(platform, await signing_keys())
    existing = await data_of(platform, STORE)
    store, users = documents(existing)
    if existing is None:
        if (existing := await created(platform, store)) is not None:
            store, users = documents(existing)
    elif store["stringData"] != existing:
        await platform.run("apply", "-f", "-", stdin=json.dumps(store))
    await _apply_users(platform, users)


async def _apply_users(platform: Platform, users: Mapping[str, Any]) -> None:
    """Apply the ACL file; a running Redis is restarted, because it reads the file at its start."""
    applied = await platform.run("apply", "-f", "-", stdin=json.dumps(users))
    running = await platform.run("get", _REDIS, "-n", NAMESPACE, "--ignore-not-found", "-o", "name")
    if applied.rstrip().endswith("configured") and running.strip():
        await platform.run("rollout", "restart", _REDIS, "-n", NAMESPACE)


def _secret(name: str, data: Mapping[str, str]) -> dict[str, Any]:
    return secret_document({"name": name, "namespace": NAMESPACE}, data)
