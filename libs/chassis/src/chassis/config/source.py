"""Where a service's configuration comes from, and in which order it counts."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from itertools import chain
from pathlib import Path
from typing import Self

from chassis.config.documents import merged, read_documents
from chassis.config.errors import ConfigError
from chassis.config.mounts import fingerprint, read_mount
from chassis.config.process import active_profiles, environment_trees, flag_trees, read_flags
from chassis.config.tree import Origin, Tree, merge, nest

CONFIG_DIR = "/etc/suite/config"
SECRETS_DIR = "/etc/suite/secrets"
_YAML = (".yaml", ".yml")
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
    """

    name: str
    config_dir: Path | None = None
    secrets_dir: Path | None = None
    arguments: Mapping[str, str] = field(default_factory=dict, repr=False)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    profiles: tuple[str, ...] = ()

    @classmethod
    def from_process(cls, name: str, argv: Sequence[str], environ: Mapping[str, str]) -> Self:
        """Read `--key=value` flags and the environment; raise `ConfigError` for anything else."""
        arguments = read_flags(argv)
        chosen = arguments.pop("profiles", None)
        return cls(
            name=name,
            config_dir=Path(environ.get("CONFIG_DIR", CONFIG_DIR)),
            secrets_dir=Path(environ.get("SECRETS_DIR", SECRETS_DIR)),
            arguments=arguments,
            environ=environ,
            profiles=active_profiles(chosen, environ),
        )

    def read(self) -> Mounted:
        """Read the mounts once; raise `ConfigError`."""
        return Mounted(read_mount(self.config_dir), read_mount(self.secrets_dir))

    def tree(self, mounted: Mounted) -> Tree:
        """Merge what was read with environment and arguments; raise `ConfigError`."""
        trees = chain(
            [self._documents(mounted.config)],
            self._secret_trees(mounted.secrets),
            environment_trees(self.name, self.environ),
            flag_trees(self.arguments),
        )
        nothing: Tree = {}
        return reduce(merge, trees, nothing)

    def fingerprint(self) -> tuple[object, object]:
        """Return what differs once a mount was swapped: the ConfigMap's, the Secret's."""
        return (fingerprint(self.config_dir), fingerprint(self.secrets_dir))

    def mounts(self) -> list[Path]:
        """Return the places where mounts may be."""
        return [place for place in (self.config_dir, self.secrets_dir) if place is not None]

    def directories(self) -> list[Path]:
        """Return the mounts that exist: what a watcher watches."""
        return [place for place in self.mounts() if place.is_dir()]

    def _documents(self, files: Files) -> Tree:
        """Merge application.yaml, then application-PROFILE.yaml of each active profile."""
        tree: Tree = {}
        found = list(self._application_files(files))
        for file in found:
            tree = merge(tree, merged(read_documents(file, _text(file, files)), self.profiles))
        if found and not tree:
            reason = "has no document for the active profiles; it would reset every setting"
            raise ConfigError(reason, file=found[0])
        return tree

    def _application_files(self, files: Files) -> Iterator[str]:
        defaults = [name for name in ("application.yaml", "application.yml") if name in files]
        if not defaults and self.config_dir is not None and self.config_dir.is_dir():
            raise ConfigError("holds no application.yaml", file=str(self.config_dir))
        yield from defaults
        for profile in self.profiles:
            names = (f"application-{profile}{ending}" for ending in _YAML)
            yield from (name for name in names if name in files)

    def _secret_trees(self, files: Files) -> Iterator[Tree]:
        for file, content in files.items():
            if file.endswith(_YAML):
                documents = read_documents(file, _text(file, files), literal=True)
                yield merged(documents, self.profiles)
            elif all(path := file.split(".")):
                # A key store is no text and no setting; it is there for others to read.
                value = content.decode(errors="replace").strip()
                yield nest(path, value, Origin(file, literal=True))


def _text(file: str, files: Files) -> str:
    try:
        return files[file].decode()
    except UnicodeDecodeError:
        raise ConfigError("is no UTF-8 text", file=file, kind="parse") from None


def _digest(files: Files) -> str:
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()
