"""Where a service's configuration comes from, and in which order it counts."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from chassis.config.mounts import fingerprint, read_mount
from chassis.config.process import (
    flag_profiles,
    platform_profiles,
    read_flags,
    variable_profiles,
)
from chassis.config.profiles import Named, ProfileSources

CONFIG_DIR = "/etc/suite/config"
SECRETS_DIR = "/etc/suite/secrets"
_HASH_LENGTH = 12

Files = Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Mounted:
    """The files of one version of each mount."""

    config: Files
    secrets: Files

    @property
    def hash(self) -> str:
        """Return what tells versions of the ConfigMap apart; everyone may see it."""
        return _digest(self.config)[:_HASH_LENGTH]

    @property
    def digest(self) -> str:
        """Return what covers the secrets too; it stays inside, as short ones could be guessed."""
        return _digest(self.config) + _digest(self.secrets)


@dataclass(frozen=True, slots=True)
class ConfigSource:
    """The places a configuration is read from.

    Strongest first: arguments, environment, secret files, profile documents, default documents.
    `profiles` are those that the process names; `named` says where, and what else is said there.
    """

    name: str
    config_dir: Path | None = None
    secrets_dir: Path | None = None
    arguments: Mapping[str, str] = field(default_factory=dict, repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    profiles: tuple[str, ...] = ()
    named: ProfileSources | None = None

    @classmethod
    def from_process(cls, name: str, argv: Sequence[str], environ: Mapping[str, str]) -> Self:
        """Read `--key=value` flags and the environment; raise `ConfigError` for anything else."""
        arguments = read_flags(argv)
        named = flag_profiles(arguments).below(variable_profiles(name, environ))
        return cls(
            name=name,
            config_dir=Path(environ.get("CONFIG_DIR") or CONFIG_DIR),
            secrets_dir=Path(environ.get("SECRETS_DIR") or SECRETS_DIR),
            arguments=arguments,
            environ=environ,
            profiles=named.result(),
            named=named,
        )

    @property
    def profile_sources(self) -> ProfileSources:
        """Return what the process says about profiles, before any document does."""
        given = (Named("the command", self.profiles),) if self.profiles else ()
        return self.named or ProfileSources(given).below(platform_profiles(self.environ))

    def read(self) -> Mounted:
        """Read the mounts once; raise `ConfigError`."""
        return Mounted(read_mount(self.config_dir), read_mount(self.secrets_dir))

    def fingerprint(self) -> tuple[object, object]:
        """Return what differs once a mount was swapped: the ConfigMap's, the Secret's."""
        return (fingerprint(self.config_dir), fingerprint(self.secrets_dir))

    def mounts(self) -> list[Path]:
        """Return the places where mounts may be."""
        return [place for place in (self.config_dir, self.secrets_dir) if place is not None]

    def directories(self) -> list[Path]:
        """Return the mounts that exist: what a watcher watches."""
        return [place for place in self.mounts() if place.is_dir()]


def _digest(files: Files) -> str:
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
