"""The layers of a configuration, each read into a tree, and merged by pydantic-settings."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource

from chassis.config.budget import Budget
from chassis.config.documents import Document, read_documents
from chassis.config.errors import ConfigError
from chassis.config.placeholders import Resolver
from chassis.config.profiles import Named, pop_profiles, refuse_profiles
from chassis.config.shapes import is_value, lead, named_of
from chassis.config.source import (
    ConfigSource,
    Files,
    Mounted,
    environment_branches,
    flag_branches,
    unread_variables,
)
from chassis.config.tree import (
    Entry,
    Name,
    Origin,
    Tree,
    absorb,
    canonical,
    give_way,
    nest,
    parts_of,
)
from chassis.config.yaml_trees import decoded

File: TypeAlias = tuple[bool, str]
"""Whether a file is the Secret's, and its name."""

_YAML = (".yaml", ".yml")


def _empty() -> Tree:
    return Tree(Origin(""))


@dataclass(slots=True)
class Layers:
    """A tree per layer, and what was used.

    `read` are the parsed files, `loose` the Secret's files that are not settings, `carried` the
    files that settings came from, and `unread` the unused files, documents and variables.
    `ignored` are the names without effect.
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
    ignored: list[str] = field(default_factory=list)


def read_layers(source: ConfigSource, mounted: Mounted, annotation: Any, budget: Budget) -> Layers:
    """Read all layers, the weakest first, since it has the profiles; raise `ConfigError`."""
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
    """Read the mounts of one load."""

    def __init__(self, source: ConfigSource, annotation: Any, budget: Budget) -> None:
        self._source, self._annotation, self._budget = source, annotation, budget
        self.layers = Layers()

    def read_config(self, files: Files) -> None:
        """Read application.yaml, then application-PROFILE.yaml of each active profile."""
        layers = self.layers
        defaults = [name for name in ("application.yaml", "application.yml") if name in files]
        directory = self._source.config_dir
        if not defaults and directory is not None and directory.is_dir():
            raise ConfigError("contains no application.yaml", file=str(directory))
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
        """Read the Secret's documents and one-key files; files that are not settings are loose."""
        for name, content in files.items():
            if name.endswith(_YAML):
                documents = self._documents(name, content, secret=True)
                refuse_profiles(documents)
                self._apply(documents, self.layers.secret_files)
            else:
                self._read_key(name, content)

    def _decide_profiles(self, documents: list[Document]) -> None:
        """Apply the default documents, and determine the active profiles."""
        defaults = [one for one in documents if one.is_default]
        refuse_profiles([one for one in documents if not one.is_default])
        declared = pop_profiles(defaults)
        self._apply(defaults, self.layers.default_documents)
        resolver = Resolver(self.layers.default_documents, self._source.environ, self._budget)
        sources = self._source.profile_sources.below(declared.resolved(resolver))
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
            if not _is_entry(path, self._annotation):
                self.layers.carried.add((True, name))
            absorb(self.layers.secret_files, nest(path, content, origin), hiding=True)
        else:
            self.layers.loose[canonical(name)] = Entry(content, origin)


def _is_entry(path: list[Name], annotation: Any) -> bool:
    """Return whether a path leads to an entry of a mapping of values, which may come and go.

    Such a file is the whole entry: nothing else is reset where it is missing.
    """
    *above, _ = path
    return bool(above) and named_of(lead(above, annotation, mapping=False)[1]) is not None


class _Layer(PydanticBaseSettingsSource):
    """One layer as a source of settings."""

    def __init__(self, settings_cls: type[BaseSettings], name: str, tree: Tree) -> None:
        super().__init__(settings_cls)
        self.__name__, self._tree = name, tree

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        """Return the tree as the value of the only field."""
        del field
        return self._tree, field_name, False

    def __call__(self) -> dict[str, Any]:
        """Return the tree for the merge below the stronger layers, which come first."""
        for stronger in self.settings_sources_data.values():
            # The merge of pydantic-settings loses places. It also starts at the strongest layer, so
            # that clients below `clients: ~` would reappear if a stronger layer has clients again.
            give_way(self._tree, stronger["layers"])
        return {"layers": self._tree}


class _Merged(BaseSettings):
    """Merge `Layers` into one tree.

    It is not the service's settings yet: a model can validate it only with names and placeholders
    resolved.
    """

    layers: Any

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Return the layers, the strongest first; defaults in code are the weakest."""
        del env_settings, dotenv_settings, file_secret_settings  # without relaxed names
        layers: Layers = init_settings()["layers"]
        return (
            _Layer(settings_cls, "command line", layers.command_line),
            _Layer(settings_cls, "environment", layers.environment),
            _Layer(settings_cls, "secret files", layers.secret_files),
            _Layer(settings_cls, "profile documents", layers.profile_documents),
            _Layer(settings_cls, "default documents", layers.default_documents),
        )


def merge(layers: Layers) -> Tree:
    """Merge the layers: mappings merge, anything else is replaced."""
    tree: Tree = _Merged(layers=layers).layers
    return tree
