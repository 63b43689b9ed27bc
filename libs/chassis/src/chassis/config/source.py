"""Where a service's configuration comes from, and in which order it counts."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import reduce
from pathlib import Path
from typing import Any, Self

import yaml

from chassis.config.documents import Document, merged, read_documents
from chassis.config.errors import ConfigError
from chassis.config.mounts import fingerprint, read_mount
from chassis.config.tree import Origin, Tree, canonical, merge, nest

CONFIG_DIR = "/etc/suite/config"
SECRETS_DIR = "/etc/suite/secrets"
_YAML = (".yaml", ".yml")
_SEPARATOR = "__"
_SHARED_SECTIONS = frozenset(
    ("spring", "server", "management", "security", "discovery", "client", "logging", "faults")
)
"""The chassis' own sections, which the environment may name without the service's prefix."""


@dataclass(frozen=True, slots=True)
class Loaded:
    """All sources merged into one tree, and the digest of the files it came from."""

    tree: Tree
    hash: str


@dataclass(frozen=True, slots=True)
class ConfigSource:
    """The places a configuration is read from; strongest first: arguments, environment, secrets,
    profile documents, default documents.
    """  # noqa: D205 - the order is one sentence

    name: str
    config_dir: Path | None = None
    secrets_dir: Path | None = None
    arguments: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict, repr=False)
    profiles: tuple[str, ...] = ()

    @classmethod
    def from_process(cls, name: str, argv: Sequence[str], environ: Mapping[str, str]) -> Self:
        """Read `--key=value` flags and the environment; raise `ConfigError` for anything else."""
        arguments = dict(_flag(text) for text in argv)
        chosen = arguments.pop("profiles", None)
        return cls(
            name=name,
            config_dir=Path(environ.get("CONFIG_DIR", CONFIG_DIR)),
            secrets_dir=Path(environ.get("SECRETS_DIR", SECRETS_DIR)),
            arguments=arguments,
            environ=environ,
            profiles=_profiles(chosen, environ),
        )

    def load(self) -> Loaded:
        """Read everything once; raise `ConfigError`."""
        config, secrets = _files(self.config_dir), _files(self.secrets_dir)
        if self.config_dir is not None and self.config_dir.is_dir() and not _documents_of(config):
            raise ConfigError("holds no application.yaml", file=str(self.config_dir))
        layers = (
            self._documents(config),
            *self._secret_trees(secrets),
            *self._environment(),
            *self._flags(),
        )
        tree: Tree = reduce(merge, layers, {})
        return Loaded(tree, _digest((config, secrets)))

    def fingerprint(self) -> object:
        """Return what differs once a mount was swapped."""
        return (fingerprint(self.config_dir), fingerprint(self.secrets_dir))

    def directories(self) -> list[Path]:
        """Return the mounts that exist: what a watcher watches."""
        places = (self.config_dir, self.secrets_dir)
        return [place for place in places if place is not None and place.is_dir()]

    def _documents(self, files: Mapping[str, str]) -> Tree:
        """Merge application.yaml, then application-PROFILE.yaml of each active profile."""
        tree: Tree = {}
        for stem in ("application", *(f"application-{profile}" for profile in self.profiles)):
            for file in (f"{stem}{ending}" for ending in _YAML):
                if file in files:
                    documents = read_documents(file, files[file])
                    tree = merge(tree, merged(documents, self.profiles))
        return tree

    def _secret_trees(self, files: Mapping[str, str]) -> Iterable[Tree]:
        for file, text in files.items():
            if file.endswith(_YAML):
                documents: list[Document] = read_documents(file, text, literal=True)
                yield merged(documents, self.profiles)
            else:
                yield nest(file.split("."), text.strip(), Origin(file, literal=True))

    def _environment(self) -> Iterable[Tree]:
        """Yield the shared sections first, so that the prefixed names win."""
        prefix = canonical(self.name)
        prefixed = []
        for variable, value in sorted(self.environ.items()):
            head, *path = variable.split(_SEPARATOR)
            if not path:
                continue
            origin = Origin(f"environment variable {variable}")
            if canonical(head) == prefix:
                prefixed.append(nest(path, _typed(value, origin), origin))
            elif canonical(head) in _SHARED_SECTIONS:
                yield nest([head, *path], _typed(value, origin), origin)
        yield from prefixed

    def _flags(self) -> Iterable[Tree]:
        for key, value in self.arguments.items():
            origin = Origin(f"argument --{key}")
            yield nest(key.split("."), _typed(value, origin), origin)


def _flag(text: str) -> tuple[str, str]:
    key, equals, value = text.removeprefix("--").partition("=")
    if not text.startswith("--") or not equals or not key:
        raise ConfigError("write settings as --key=value", key=text.partition("=")[0])
    return key, value


def _profiles(chosen: str | None, environ: Mapping[str, str]) -> tuple[str, ...]:
    named = chosen or environ.get("PROFILES_ACTIVE") or environ.get("SPRING_PROFILES_ACTIVE") or ""
    profiles = [name.strip() for name in named.split(",") if name.strip()]
    if "KUBERNETES_SERVICE_HOST" in environ and "kubernetes" not in profiles:
        profiles.insert(0, "kubernetes")
    if bad := next((name for name in profiles if not _is_profile(name)), None):
        raise ConfigError(
            f"{bad!r} is no profile name; use letters, digits, dot, dash, underscore",
            key="profiles",
        )
    return tuple(profiles)


def _is_profile(name: str) -> bool:
    return name.replace("-", "").replace("_", "").replace(".", "").isalnum()


def _typed(value: str, origin: Origin) -> Any:
    """Read a JSON list or object; any other text stays what it is."""
    if not value.startswith(("[", "{")):
        return value
    try:
        return yaml.safe_load(value)
    except yaml.YAMLError as error:
        raise ConfigError("opens a list or object that does not end", file=origin.file) from error


def _files(directory: Path | None) -> Mapping[str, str]:
    return {} if directory is None else read_mount(directory)


def _documents_of(files: Mapping[str, str]) -> bool:
    return any(name in files for name in ("application.yaml", "application.yml"))


def _digest(mounts: Iterable[Mapping[str, str]]) -> str:
    """Digest names and contents; twelve hexadecimal digits tell versions apart."""
    digest = hashlib.sha256()
    for files in mounts:
        for name, text in sorted(files.items()):
            digest.update(f"{name}\0{len(text)}\0{text}".encode())
    return digest.hexdigest()[:12]
