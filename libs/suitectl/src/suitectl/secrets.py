"""`suitectl secrets`: what production needs and no repository may hold, under `.secrets/`.

The registrations are those of the demo, each with a secret of its own: `k8s/base` says who there
is and what they may do, this says how they prove it.
"""

import argparse
import asyncio
import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from suitectl.images import ROOT
from suitectl.program import CommandFailedError
from suitectl.shell import output
from suitectl.show import console

DIRECTORY = ROOT / ".secrets"
IDENTITIES = "identities.json"
_REDIS_FILE = "redis.yaml"
_DEMO = ROOT / "k8s/base/cas-server/demo-identities.yaml"
_CREDENTIALS = {"rest-service": "system-server", "diff-ns-service": "ns-app"}
_REDIS = ("cas-server-password", "replication-password", "sentinel-password")
"""Who knows which is said in k8s/components/redis-sentinel."""
_CLIENT_BYTES = 32
"""256 bits: such a secret is stored as an HMAC, for there is nothing to guess."""
_PASSWORD_BYTES = 18


async def generate(directory: Path) -> None:
    """Write the identities, the Secrets made of them, and those of Redis.

    What is there stays: the tokens and clients out there live by it. Raises `CommandFailedError`.
    """
    parts = {IDENTITIES: _identities, _REDIS_FILE: _redis}
    missing = [part for name, part in parts.items() if not (directory / name).exists()]
    if not missing:
        raise CommandFailedError(f"{directory} has secrets already; remove it for new ones")
    for part in missing:
        _keep(directory, await part())


async def _identities() -> Mapping[str, str]:
    """Return the files of who may log in, with the services' own credentials."""
    demo = yaml.safe_load(_DEMO.read_text())
    registered = yaml.safe_load(demo["stringData"]["identities.yaml"])
    plain: dict[str, str] = {}
    for name, client in registered["clients"].items():
        plain[name] = secrets.token_urlsafe(_CLIENT_BYTES)
        client["client-secret"] = await _hash("hash-generated", plain[name])
    for name, user in registered["users"].items():
        plain[name] = secrets.token_urlsafe(_PASSWORD_BYTES)
        user["password"] = await _hash("hash-password", plain[name])
    documents = [_secret(demo["metadata"], {"identities.yaml": yaml.safe_dump(registered)})]
    for service, namespace in _CREDENTIALS.items():
        metadata = {"name": f"{service}-credentials", "namespace": namespace}
        key = "security.oauth2.client.client-secret"
        documents.append(_secret(metadata, {key: plain[service]}))
    return {"secrets.yaml": yaml.safe_dump_all(documents), IDENTITIES: json.dumps(plain)}


async def _redis() -> Mapping[str, str]:
    """Return the file of the passwords inside the token store."""
    metadata = {"name": "redis-credentials", "namespace": "system-server"}
    passwords = {name: secrets.token_urlsafe(_CLIENT_BYTES) for name in _REDIS}
    return {_REDIS_FILE: yaml.safe_dump(_secret(metadata, passwords))}


async def _hash(command: str, secret: str) -> str:
    """Hash by cas-server's own command; the secret goes by standard input, seen by nobody."""
    program = Path(sys.executable).with_name("cas-server")
    return (await output((str(program), command), seconds=30, stdin=secret)).strip()


def _secret(metadata: Mapping[str, Any], data: Mapping[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {key: metadata[key] for key in ("name", "namespace")},
        "type": "Opaque",
        "stringData": dict(data),
    }


def _keep(directory: Path, files: Mapping[str, str]) -> None:
    """Write files that their owner alone may read, from their first byte on."""
    directory.mkdir(mode=0o700, exist_ok=True)
    for name, text in files.items():
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(directory / name, flags, 0o600), "w") as file:
            file.write(text)


def add_parser(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add `secrets`."""
    parser = verbs.add_parser("secrets", help="generate what production needs, under .secrets/")
    parser.add_argument("--dir", type=Path, default=DIRECTORY)
    parser.set_defaults(run=run)


async def run(options: argparse.Namespace) -> int:
    """Generate, and say what comes next; never the secrets themselves."""
    await asyncio.shield(generate(options.dir))
    console().print(
        f"{options.dir}: generated; make deploy OVERLAY=prod applies them, "
        f"{IDENTITIES} has them in clear for who hands them out"
    )
    return 0
