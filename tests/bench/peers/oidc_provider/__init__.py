"""node-oidc-provider with Redis: a process of Node.js that issues, exchanges and introspects."""

import json
import os
import shutil
import subprocess
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from bench.logins import CALLBACK
from bench.peers.folder import PEERS, output
from cas_server.identities.demo_identities import DEMO_SECRETS

if TYPE_CHECKING:
    from bench.stack import Service, Stack

SOURCES = Path(__file__).parent
FOLDER = PEERS / "oidc-provider"
"""Where the packages are; Node.js looks for them beside the program."""
TOKEN, INTROSPECTION = "/token", "/token/introspection"
HINT = "&token_type_hint=access_token"
"""Spares this server the look-up of a refresh token."""


def is_installed() -> bool:
    """Return whether Node.js and the packages are there."""
    return shutil.which("node") is not None and (FOLDER / "node_modules/oidc-provider").is_dir()


def install() -> None:
    """Install the packages of package-lock.json. Raises `CalledProcessError`."""
    _copy("package*.json")
    command = ["npm", "ci", "--no-audit", "--no-fund", "--prefix", str(FOLDER)]
    subprocess.run(command, check=True)


def versions() -> Mapping[str, str]:
    """Return the versions of what is installed."""
    if not is_installed():
        return {}
    package = json.loads((FOLDER / "node_modules/oidc-provider/package.json").read_text())
    return {"node": output("node", "--version"), "oidc-provider": package["version"]}


def _copy(pattern: str) -> None:
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in SOURCES.glob(pattern):
        shutil.copy(path, FOLDER)


@contextmanager
def serving(stack: "Stack", client: str) -> Iterator["Service"]:
    """Run the server with one client during the block, on the Redis of the stack."""
    _copy("*.js")
    environment = {
        "PATH": os.environ["PATH"],
        "NODE_ENV": "production",
        "REDIS_PORT": str(stack.redis_port),
        "CLIENT_ID": client,
        "CLIENT_SECRET": DEMO_SECRETS[client],
        "REDIRECT_URI": CALLBACK,
    }
    command = ["node", str(FOLDER / "server.js")]
    with stack.peer(lambda port: [*command, str(port)], environment) as service:
        yield service


def codes(url: str, challenge: str, count: int) -> Sequence[str]:
    """Return authorization codes of a user, as after a login, for this PKCE challenge (S256)."""
    query = urlencode({"challenge": challenge, "count": count})
    with urllib.request.urlopen(f"{url}/codes?{query}", timeout=30) as response:
        return [str(code) for code in json.load(response)]
