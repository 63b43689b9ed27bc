"""What is mounted, the environment and the flags, read: a tree of values for each layer."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from chassis.config.active_profiles import Named
from chassis.config.budget import Budget
from chassis.config.document_profiles import refuse_profiles, take_profiles
from chassis.config.documents import Document, read_documents
from chassis.config.errors import ConfigError
from chassis.config.placeholders import Resolver
from chassis.config.process import environment_branches, flag_branches, unread_variables
from chassis.config.shapes import is_value, lead
from chassis.config.source import ConfigSource, Files, Mounted
from chassis.config.texts import decoded
from chassis.config.tree import Entry, Origin, Tree, absorb, canonical, nest, parts_of

File: TypeAlias = tuple[bool, str]
"""Whether a file is the Secret's, and its name."""

_YAML = (".yaml", ".yml")


def _empty() -> Tree:
    return Tree(Origin(""))


@dataclass(slots=True)
class Layers:
    """A tree for each layer, and what became of each thing that was there to read.

    How the layers are laid over each other: see `chassis.config.merging`.

    `read` are the files that were looked into, `loose` those of the Secret that are no settings,
    `carried` all that settings came from, and `unread` is what nobody reads: files, documents,
    variables.
    """

    command_line: Tree = field(default_factory=_empty)
    environment: Tree = field(default_factory=_empty)
    secret_files: Tree = field(default_factory=_empty)
    profile_documents: Tree = field(default_factory=_empty)
    default_documents: Tree = field(default_factory=_empty)
    profiles: tuple[str, ...] = ()
    profile_sources: tuple[Named, ...] = ()
    read: set[File] = field(default_factory=set)
    carried: set[File] = field(default_factory=set)
    loose: dict[str, Entry] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


def read_layers(source: ConfigSource, mounted: Mounted, annotation: Any, budget: Budget) -> Layers:
    """Read all layers, the weakest first, as it names the profiles; raise `ConfigError`."""
    reader = _Reader(source, annotation, budget)
    reader.read_config(mounted.config)
    reader.read_secrets(mounted.secrets)
    layers = reader.layers
    for branch in environment_branches(source.name, source.environ, annotation, budget):
        absorb(layers.environment, branch, hiding=True)
    for branch in flag_branches(source.arguments, annotation, budget):
        absorb(layers.command_line, branch, hiding=True)
    layers.unread += unread_variables(source.name, source.environ)
    return layers


class _Reader:
    """Reads the mounts of one load."""

    def __init__(self, source: ConfigSource, annotation: Any, budget: Budget) -> None:
        self._source, self._annotation, self._budget = source, annotation, budget
        self.layers = Layers()

    def read_config(self, files: Files) -> None:
        """Read application.yaml, then application-PROFILE.yaml of each active profile."""
        layers = self.layers
        defaults = [name for name in ("application.yaml", "application.yml") if name in files]
        directory = self._source.config_dir
        if not defaults and directory is not None and directory.is_dir():
            raise ConfigError("holds no application.yaml", file=str(directory))
        documents = [one for name in defaults for one in self._documents(name, files[name])]
        self._decide_profiles(documents)
        self._apply([one for one in documents if not one.is_default], layers.profile_documents)
        if defaults and not layers.carried:
            reason = "has no document for the active profiles; it would reset every setting"
            raise ConfigError(reason, file=defaults[0])
        for name in self._profile_files(files):
            beside = self._documents(name, files[name])
            refuse_profiles(beside)
            self._apply(beside, layers.profile_documents)
        layers.unread += [name for name in files if (False, name) not in layers.read]

    def read_secrets(self, files: Files) -> None:
        """Read the Secret's documents and one-key files; what is no setting stays loose."""
        for name, content in files.items():
            if name.endswith(_YAML):
                documents = self._documents(name, content, secret=True)
                refuse_profiles(documents)
                self._apply(documents, self.layers.secret_files)
            else:
                self._read_key(name, content)

    def _decide_profiles(self, documents: list[Document]) -> None:
        """Apply the default documents, and find what they and the process say is active."""
        defaults = [one for one in documents if one.is_default]
        refuse_profiles([one for one in documents if not one.is_default])
        said = take_profiles(defaults)
        self._apply(defaults, self.layers.default_documents)
        resolver = Resolver(self.layers.default_documents, self._source.environ, self._budget)
        sources = self._source.profile_sources.below(said.resolved(resolver))
        self.layers.profiles, self.layers.profile_sources = sources.result(), sources.active

    def _profile_files(self, files: Files) -> Iterator[str]:
        for profile in self.layers.profiles:
            names = (f"application-{profile}{ending}" for ending in _YAML)
            yield from (name for name in names if name in files)

    def _documents(self, name: str, content: bytes, *, secret: bool = False) -> list[Document]:
        self.layers.read.add((secret, name))
        text = decoded(content, name)
        return read_documents(name, text, self._annotation, self._budget, secret=secret)

    def _apply(self, documents: list[Document], layer: Tree) -> None:
        """Merge the default documents, then the selected ones, each in file order."""
        for document in sorted(documents, key=lambda one: not one.is_default):
            if document.unmet:
                self.layers.unread.append(document.unmet)
            elif document.selected(self.layers.profiles) and (document.tree or document.is_default):
                origin = document.tree.origin
                self.layers.carried.add((origin.secret, origin.file))
                absorb(layer, document.tree, hiding=True)

    def _read_key(self, name: str, content: bytes) -> None:
        origin = Origin(name, secret=True)
        self._budget.spend(name)
        if canonical(name).startswith("spring.profiles."):
            raise ConfigError("belongs in a default document of application.yaml", file=name)
        path, annotation = lead(parts_of(name), self._annotation, mapping=False)
        if is_value(annotation):
            self.layers.carried.add((True, name))
            absorb(self.layers.secret_files, nest(path, content, origin), hiding=True)
        else:
            self.layers.loose[canonical(name)] = Entry(content, origin)
