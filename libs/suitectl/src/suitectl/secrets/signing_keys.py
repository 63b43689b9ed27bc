"""The Secret with the keys that sign tokens: a file each, whose name says from when on it signs.

Only its owner has the private keys; a rotation adds one for each algorithm and removes those whose
last token has ended. cas-server's own page has the rules
(docs/design/decisions/signing-keys.md).
"""

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import yaml

from suitectl.secrets.cas_commands import printed
from suitectl.secrets.files import secret_document, write_files

SIGNING_KEYS_FILE = "signing-keys.yaml"
SECRET = "cas-server-signing-keys"  # noqa: S105 - its name
PREFIX = "signing-keys."
ALGORITHMS = ("ES256", "EdDSA", "RS256")
KEPT_S = 86_400
"""How long a key stays after another one signs: no signed token lives longer than a day."""
_NAMESPACE = "system-server"
_FORM = "%Y%m%dT%H%M%SZ"


@dataclass(slots=True)
class SigningKeys:
    """The keys of a directory by file name, the earliest first; `save` writes changes."""

    directory: Path
    files: dict[str, str]

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read a directory; it may have no keys yet."""
        path = directory / SIGNING_KEYS_FILE
        if not path.exists():
            return cls(directory, {})
        return cls(directory, dict(sorted(yaml.safe_load(path.read_text())["stringData"].items())))

    @property
    def secret(self) -> dict[str, Any]:
        """Return the Secret for `kubectl apply`."""
        return secret_document({"name": SECRET, "namespace": _NAMESPACE}, self.files)

    def to_come(self) -> Mapping[str, str]:
        """Return the files of keys that do not sign yet."""
        return {name: pem for name, pem in self.files.items() if signs_from(name) > time.time()}

    async def add(self, since: float) -> None:
        """Add a key for each algorithm that signs from this Unix time on."""
        made = await asyncio.gather(*(new_key(since, one) for one in ALGORITHMS))
        for files in made:
            self.files.update(files)

    def remove_ended(self) -> int:
        """Remove the keys that another one replaced over a day ago; return their number."""
        limit, ended = time.time() - KEPT_S, set[str]()
        for algorithm in ALGORITHMS:
            own = sorted(name for name in self.files if name.endswith(f"-{algorithm.lower()}"))
            replaced = [name for name in own if signs_from(name) <= limit]
            ended.update(replaced[:-1])
        self.files = {name: pem for name, pem in self.files.items() if name not in ended}
        return len(ended)

    def contents(self) -> Mapping[str, str]:
        """Return the text of the file by its name."""
        return {SIGNING_KEYS_FILE: yaml.safe_dump(self.secret)}

    def save(self) -> None:
        """Write the file."""
        write_files(self.directory, self.contents())


async def new_key(since: float, algorithm: str = ALGORITHMS[0]) -> Mapping[str, str]:
    """Return the file of a new key that signs from this Unix time on."""
    when = datetime.fromtimestamp(since, UTC).strftime(_FORM)
    pem = await printed("new-signing-key", algorithm)
    return {f"{PREFIX}{when}-{algorithm.lower()}": pem}


def signs_from(name: str) -> float:
    """Return the Unix time that a file's name begins with, 0 without one."""
    text = name.removeprefix(PREFIX).partition("-")[0]
    try:
        return datetime.strptime(text, _FORM).replace(tzinfo=UTC).timestamp()
    except ValueError:
        return 0.0
