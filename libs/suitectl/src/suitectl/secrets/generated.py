"""Generates what production needs and no repository may hold, under `.secrets/`.

The registrations are those of the demo in `k8s/base`, each with a generated secret.
"""

import json
import secrets
import time
from collections.abc import Mapping
from pathlib import Path

import yaml

from suitectl.catalogue import CREDENTIALS_KEY, REGISTERED_KEY, registered_secret, services
from suitectl.errors import CommandFailedError
from suitectl.root import ROOT
from suitectl.secrets.cas_commands import printed
from suitectl.secrets.files import secret_document, write_files
from suitectl.secrets.signing_keys import SIGNING_KEYS_FILE, SigningKeys

DIRECTORY = ROOT / ".secrets"
IDENTITIES = "identities.json"
"""Each identity's secret in clear text, by name."""
SECRETS = "secrets.yaml"
"""The Secrets of cas-server and of the services."""
_REDIS_FILE = "redis.yaml"
RECORD_KEYS = "record-keys"
"""The key of the identities file under which the keys that seal Redis' records are."""
_REDIS = ("cas-server-password", "replication-password", "sentinel-password")
"""Their users are in k8s/components/redis-sentinel."""
_CLIENT_BYTES = 32
"""256 bits: such a secret cannot be guessed, so that an HMAC of it is stored."""
_PASSWORD_BYTES = 18


async def generate(directory: Path) -> None:
    """Write the identities, the Secrets made of them, and those of Redis.

    Existing files stay, because tokens and clients depend on them. Raises `CommandFailedError`.
    """
    parts = {IDENTITIES: _identities, _REDIS_FILE: _redis, SIGNING_KEYS_FILE: _signing_keys}
    missing = [part for name, part in parts.items() if not (directory / name).exists()]
    if not missing:
        raise CommandFailedError(f"{directory} has secrets already; remove it to generate new ones")
    for part in missing:
        write_files(directory, await part())


async def _identities() -> Mapping[str, str]:
    """Return the files of all identities, with the services' own credentials."""
    demo = registered_secret()
    registered = yaml.safe_load(demo["stringData"][REGISTERED_KEY])
    plain: dict[str, str] = {}
    for name, client in registered["clients"].items():
        if is_public(client):
            continue
        plain[name], client["client-secret"] = await new_client_secret()
    for name, user in registered["users"].items():
        plain[name], user["password"] = await new_password()
    registered[RECORD_KEYS] = [new_record_key()]
    documents = [secret_document(demo["metadata"], {REGISTERED_KEY: yaml.safe_dump(registered)})]
    for service in services().values():
        if service.credentials is not None:
            metadata = {"name": service.credentials, "namespace": service.namespace}
            secret = {CREDENTIALS_KEY: plain[service.client_id]}
            documents.append(secret_document(metadata, secret))
    return {SECRETS: yaml.safe_dump_all(documents), IDENTITIES: json.dumps(plain)}


def is_public(client: Mapping[str, object]) -> bool:
    """Return whether a registered client has no secret, as it could keep none (RFC 6749, 2.1)."""
    return client.get("token-endpoint-auth-method") == "none"


async def new_client_secret() -> tuple[str, str]:
    """Return a secret of 256 bits and its hash."""
    secret = secrets.token_urlsafe(_CLIENT_BYTES)
    return secret, await _hash("hash-generated", secret)


def new_record_key() -> str:
    """Return a key of 256 bits for what cas-server seals."""
    return secrets.token_urlsafe(_CLIENT_BYTES)


async def new_password() -> tuple[str, str]:
    """Return a user's password and its hash."""
    password = secrets.token_urlsafe(_PASSWORD_BYTES)
    return password, await _hash("hash-password", password)


async def hash_demo_secret(secret: str) -> str:
    """Return the hash of a secret that somebody has chosen."""
    return await _hash("hash-secret", secret)


async def _redis() -> Mapping[str, str]:
    """Return the file of the passwords inside the token store."""
    metadata = {"name": "redis-credentials", "namespace": "system-server"}
    passwords = {name: secrets.token_urlsafe(_CLIENT_BYTES) for name in _REDIS}
    return {_REDIS_FILE: yaml.safe_dump(secret_document(metadata, passwords))}


async def _signing_keys() -> Mapping[str, str]:
    """Return the file of the keys that sign tokens."""
    keys = SigningKeys(DIRECTORY, {})
    await keys.add(time.time())
    return keys.contents()


async def _hash(command: str, secret: str) -> str:
    """Hash a secret, which goes through standard input."""
    return await printed(command, stdin=secret)
