"""The sources of a service's configuration: flags, environment and mounts."""

import hashlib
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from chassis.config.budget import Budget
from chassis.config.documents import KUBERNETES, read_value
from chassis.config.errors import ConfigError
from chassis.config.mounts import fingerprint, read_mount
from chassis.config.profiles import Named, ProfileSources, split
from chassis.config.shapes import UNKNOWN, is_value, item_of, lead
from chassis.config.tree import Origin, Tree, canonical, nest, parts_of

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
        """Return the public hash of the ConfigMap's version."""
        return _digest(self.config)[:_HASH_LENGTH]

    @property
    def digest(self) -> str:
        """Return a digest that includes the Secret; internal, since short secrets are guessable."""
        return _digest(self.config) + _digest(self.secrets)


@dataclass(frozen=True, slots=True)
class ConfigSource:
    """The sources of a configuration.

    Highest precedence first: arguments, environment, secret files, profile documents, default
    documents. `profiles` are the process's profiles, and `named` also has their sources.
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
        """Return the profiles of the process, without those of documents."""
        given = (Named("the command", self.profiles),) if self.profiles else ()
        return self.named or ProfileSources(given).below(platform_profiles(self.environ))

    def read(self) -> Mounted:
        """Read the mounts once; raise `ConfigError`."""
        return Mounted(read_mount(self.config_dir), read_mount(self.secrets_dir))

    def fingerprint(self) -> tuple[object, object]:
        """Return the fingerprints of ConfigMap and Secret, which change with a swap."""
        return (fingerprint(self.config_dir), fingerprint(self.secrets_dir))

    def mounts(self) -> list[Path]:
        """Return the configured mounts, existing or not."""
        return [place for place in (self.config_dir, self.secrets_dir) if place is not None]

    def directories(self) -> list[Path]:
        """Return the existing mounts, to watch."""
        return [place for place in self.mounts() if place.is_dir()]


def _digest(files: Files) -> str:
    digest = hashlib.sha256()
    for name, content in files.items():
        digest.update(f"{name}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()


_SEPARATOR = "__"
_SHARED_SECTIONS = frozenset(
    ("spring", "server", "management", "security", "discovery", "client", "logging", "faults")
)
"""The chassis' own sections, whose variables need no prefix of the service."""
_IN_CLUSTER = "KUBERNETES_SERVICE_HOST"
_PROFILES = "spring.profiles."
_KINDS = ("active", "include", "default")
_PROFILE_FLAGS = {"profiles": "active", **{f"{_PROFILES}{kind}": kind for kind in _KINDS}}
_VARIABLE_PROFILES = "spring_profiles_"


def read_flags(argv: Sequence[str]) -> dict[str, str]:
    """Read `--key=value` flags; raise `ConfigError` for anything else."""
    flags: dict[str, str] = {}
    for text in argv:
        key, value = _flag(text)
        if key in flags and _profile_kind(key):
            raise ConfigError("is given twice", key=f"--{key}")
        flags[key] = value
    return flags


def flag_profiles(arguments: Mapping[str, str]) -> ProfileSources:
    """Return the profiles in flags; raise `ConfigError` for an unknown `spring.profiles` flag."""
    found: list[tuple[str, Named]] = []
    for key, value in sorted(arguments.items(), key=lambda flag: _relaxed(flag[0])):
        kind = _profile_kind(key)
        if kind not in ("", *_KINDS):
            raise ConfigError("unknown setting of the command line", key=f"--{key}")
        if kind and value.strip():
            found.append((kind, Named(f"--{key}", split(value))))
    return _by_kind(found)


def variable_profiles(name: str, environ: Mapping[str, str]) -> ProfileSources:
    """Return the profiles in environment variables, and the platform's."""
    found: list[tuple[int, str, str, Named]] = []
    for variable, value in environ.items():
        kind = _variable_kind(variable, name)
        if kind not in ("", *_KINDS):
            reason = "is not supported; name the profiles in SPRING_PROFILES_ACTIVE"
            raise ConfigError(reason, key=variable)
        if kind and value.strip():
            named = Named(f"environment variable {variable}", split(value))
            found.append((_rank(variable), variable, kind, named))
    ordered = [(kind, named) for _, _, kind, named in sorted(found, key=lambda one: one[:2])]
    return _by_kind(ordered).below(platform_profiles(environ))


def platform_profiles(environ: Mapping[str, str]) -> ProfileSources:
    """Return the profile `kubernetes` in a cluster."""
    return ProfileSources(automatic=(KUBERNETES,) if _IN_CLUSTER in environ else ())


def flag_branches(arguments: Mapping[str, str], annotation: Any, budget: Budget) -> Iterator[Tree]:
    """Yield a tree for each flag."""
    for key, value in arguments.items():
        if not _profile_kind(key):
            origin = Origin(f"argument --{key}")
            yield _branch(parts_of(key), value, origin, annotation, budget)


def environment_branches(
    name: str, environ: Mapping[str, str], annotation: Any, budget: Budget
) -> Iterator[Tree]:
    """Yield trees for `SERVER__PORT` and `REST_SERVICE__SERVER__PORT`, the prefixed names last."""
    prefixed = []
    for variable, value in sorted(environ.items()):
        head, *rest = variable.split(_SEPARATOR)
        path = [_name(part) for parts in rest for part in parts.split(".")]
        if not path or not all(path) or _variable_kind(variable, name):
            continue
        origin = Origin(f"environment variable {variable}")
        if canonical(head) == canonical(name):
            prefixed.append(_branch(path, value, origin, annotation, budget))
        elif head.lower() in _SHARED_SECTIONS:
            yield _branch([head.lower(), *path], value, origin, annotation, budget)
    yield from prefixed


def unread_variables(name: str, environ: Mapping[str, str]) -> Iterator[str]:
    """Yield the variables that Spring reads and the chassis ignores."""
    for variable in sorted(environ):
        is_springs = variable.lower().startswith(("spring_", "spring."))
        if is_springs and _SEPARATOR not in variable and not _variable_kind(variable, name):
            yield f"environment variable {variable}"


def _flag(text: str) -> tuple[str, str]:
    key, equals, value = text.removeprefix("--").partition("=")
    if not text.startswith("--") or not equals or not all(key.split(".")):
        raise ConfigError("write settings as --key=value", key=text.partition("=")[0])
    return key, value


def _name(part: str) -> str:
    """Return a part of a variable's name, in lower case if it is all capitals."""
    return part.lower() if part.isupper() else part


def _profile_kind(key: str) -> str:
    """Return the kind of a profile flag: active, include, another name; empty for other flags."""
    relaxed = _relaxed(key)
    unknown = relaxed if relaxed.startswith(_PROFILES) else ""
    return _PROFILE_FLAGS.get(relaxed, unknown)


def _relaxed(key: str) -> str:
    return ".".join(canonical(part) for part in key.split("."))


def _variable_kind(variable: str, name: str) -> str:
    """Return the kind of a profile variable in any of Spring's spellings; empty for others."""
    relaxed = re.sub(r"[._]+", "_", variable.lower())
    if relaxed == "profiles_active":
        return "active"
    relaxed = relaxed.removeprefix(f"{name.lower().replace('-', '_')}_")
    kind = relaxed.removeprefix(_VARIABLE_PROFILES)
    return kind if kind != relaxed else ""


def _rank(variable: str) -> int:
    """Return the precedence of a variable: the suite's, Spring's, Spring's other spellings."""
    known = ("PROFILES_ACTIVE", "SPRING_PROFILES_ACTIVE")
    return known.index(variable) if variable in known else len(known)


def _by_kind(found: list[tuple[str, Named]]) -> ProfileSources:
    active, include, default = (
        tuple(named for its, named in found if its == kind) for kind in _KINDS
    )
    return ProfileSources(active, include, default)


def _branch(path: list[str], text: str, origin: Origin, annotation: Any, budget: Budget) -> Tree:
    """Return the tree of one flag or variable; a list or an object may be JSON."""
    names, inner = lead(path, annotation, mapping=text.startswith("{"))
    return nest(names, _typed(text, origin, inner, budget), origin)


def _typed(text: str, origin: Origin, annotation: Any, budget: Budget) -> Any:
    """Parse a list in brackets or an object in braces; return any other text unchanged."""
    budget.spend(origin.file, text=len(text))
    is_text = is_value(annotation) and item_of(annotation) is UNKNOWN
    if is_text or f"{text[:1]}{text[-1:]}" not in ("[]", "{}"):
        return text
    try:
        return read_value(origin.file, text, annotation, budget)
    except ConfigError:
        return text
