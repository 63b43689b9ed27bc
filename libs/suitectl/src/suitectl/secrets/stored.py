"""The files that `make secrets` wrote, and how a secret in them is renewed.

During a rotation a client has two valid secrets, until the old one is retired.
A user has one password, and a new one revokes the user's tokens.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import yaml

from suitectl.catalogue import CREDENTIALS_KEY, REGISTERED_KEY, registered_secret, services
from suitectl.errors import CommandFailedError
from suitectl.secrets.files import write_files
from suitectl.secrets.generated import (
    IDENTITIES,
    RECORD_KEYS,
    SECRETS,
    is_public,
    new_client_secret,
    new_password,
)

_HASHES = "client-secret"
Secret = dict[str, Any]


@dataclass(frozen=True, slots=True)
class StoredSecrets:
    """The contents of a directory; `save` writes changes."""

    directory: Path
    plain: dict[str, str]
    """Each identity's secret in clear text, the newer one of two."""
    documents: Mapping[str, Secret]
    """The Kubernetes Secrets by name."""

    @classmethod
    def load(cls, directory: Path) -> Self:
        """Read a directory; raise `CommandFailedError` where nothing was generated yet."""
        try:
            plain = json.loads((directory / IDENTITIES).read_text())
            documents = yaml.safe_load_all((directory / SECRETS).read_text())
        except FileNotFoundError:
            raise CommandFailedError(f"{directory} has no secrets yet: make secrets") from None
        return cls(directory, plain, {d["metadata"]["name"]: d for d in documents})

    @property
    def registered(self) -> Secret:
        """Return the Secret with all registered identities."""
        return self.documents[registered_secret()["metadata"]["name"]]

    def credentials(self, name: str) -> Secret | None:
        """Return the Secret with a service's own credentials; None for other clients."""
        of_client = {s.client_id: s.credentials for s in services().values() if s.credentials}
        return self.documents[of_client[name]] if name in of_client else None

    def is_client(self, name: str) -> bool:
        """Say whether a name is a client's; raise `CommandFailedError` where it is nobody's."""
        identities = self._identities()
        if name in identities["clients"] or name in identities["users"]:
            return name in identities["clients"]
        known = ", ".join([*identities["clients"], *identities["users"]])
        raise CommandFailedError(f"{name}: no such client or user; there are: {known}")

    async def renew(self, name: str) -> bool:
        """Give a client a second secret, or a user another password.

        Returns False where a client has two already: an interrupted rotation continues with those.
        Raises `CommandFailedError` for a public client.
        """
        identities = self._identities()
        if not self.is_client(name):
            self.plain[name], identities["users"][name]["password"] = await new_password()
        else:
            client = identities["clients"][name]
            if is_public(client):
                raise CommandFailedError(f"{name} is a public client: it has no secret to rotate")
            hashes = _hashes(client)
            if len(hashes) > 1:
                return False
            self.plain[name], newer = await new_client_secret()
            client[_HASHES] = [newer, *hashes]
        self._register(identities)
        if (credentials := self.credentials(name)) is not None:
            credentials["stringData"][CREDENTIALS_KEY] = self.plain[name]
        return True

    def retire(self, name: str) -> None:
        """Drop a client's older secret; raise `CommandFailedError` where it has one only."""
        identities = self._identities()
        if not self.is_client(name):
            raise CommandFailedError(f"{name} is a user, with one password: nothing to retire")
        newer, *older = _hashes(identities["clients"][name])
        if not older:
            raise CommandFailedError(f"{name} has one secret only: make secrets ROTATE={name}")
        identities["clients"][name][_HASHES] = [newer]
        self._register(identities)

    @property
    def record_keys(self) -> list[str]:
        """Return the keys of the records in Redis, the one that seals first."""
        return list(self._identities().get(RECORD_KEYS, []))

    def set_record_keys(self, keys: list[str]) -> None:
        """Replace the keys."""
        self._register(self._identities() | {RECORD_KEYS: keys})

    def save(self) -> None:
        """Write the files, the clear-text ones first, so that no secret is lost."""
        documents = yaml.safe_dump_all(self.documents.values())
        write_files(self.directory, {IDENTITIES: json.dumps(self.plain), SECRETS: documents})

    def _identities(self) -> dict[str, Any]:
        identities: dict[str, Any] = yaml.safe_load(self.registered["stringData"][REGISTERED_KEY])
        return identities

    def _register(self, identities: Mapping[str, Any]) -> None:
        self.registered["stringData"][REGISTERED_KEY] = yaml.safe_dump(identities)


def _hashes(client: Mapping[str, Any]) -> list[str]:
    hashes = client[_HASHES]
    return [hashes] if isinstance(hashes, str) else list(hashes)
