"""What the command line and the environment say: flags, profiles, settings."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from chassis.config.documents import read_value
from chassis.config.errors import ConfigError
from chassis.config.tree import Origin, Tree, canonical, nest

_SEPARATOR = "__"
_SHARED_SECTIONS = frozenset(
    ("spring", "server", "management", "security", "discovery", "client", "logging", "faults")
)
"""The chassis' own sections, which the environment may name without the service's prefix."""


def read_flags(argv: Sequence[str]) -> dict[str, str]:
    """Read `--key=value` flags; raise `ConfigError` for anything else."""
    return dict(_flag(text) for text in argv)


def active_profiles(chosen: str | None, environ: Mapping[str, str]) -> tuple[str, ...]:
    """Return the active profiles: the flag's, else the environment's; in a cluster `kubernetes`."""
    named = chosen or environ.get("PROFILES_ACTIVE") or environ.get("SPRING_PROFILES_ACTIVE") or ""
    profiles = [name.strip() for name in named.split(",") if name.strip()]
    if "KUBERNETES_SERVICE_HOST" in environ and "kubernetes" not in profiles:
        profiles.insert(0, "kubernetes")
    if bad := next((name for name in profiles if not _is_profile(name)), None):
        reason = f"{bad!r} is no profile name; use letters, digits, dot, dash, underscore"
        raise ConfigError(reason, key="profiles")
    return tuple(profiles)


def flag_trees(arguments: Mapping[str, str]) -> Iterator[Tree]:
    """Yield what the flags set."""
    for key, value in arguments.items():
        file = f"argument --{key}"
        yield nest(key.split("."), _typed(file, value), Origin(file))


def environment_trees(name: str, environ: Mapping[str, str]) -> Iterator[Tree]:
    """Yield what `SERVER__PORT` and `REST_SERVICE__SERVER__PORT` set, the prefixed names last."""
    prefixed = []
    for variable, value in sorted(environ.items()):
        head, *rest = variable.lower().split(_SEPARATOR)
        path = [part for parts in rest for part in parts.split(".")]
        if not path or not all(path):
            continue
        file = f"environment variable {variable}"
        if canonical(head) == canonical(name):
            prefixed.append(nest(path, _typed(file, value), Origin(file)))
        elif head in _SHARED_SECTIONS:
            yield nest([head, *path], _typed(file, value), Origin(file))
    yield from prefixed


def _flag(text: str) -> tuple[str, str]:
    key, equals, value = text.removeprefix("--").partition("=")
    if not text.startswith("--") or not equals or not all(key.split(".")):
        raise ConfigError("write settings as --key=value", key=text.partition("=")[0])
    return key, value


def _is_profile(name: str) -> bool:
    return name.replace("-", "").replace("_", "").replace(".", "").isalnum()


def _typed(file: str, value: str) -> Any:
    """Read a list in brackets or an object in braces; any other text stays what it is."""
    if f"{value[:1]}{value[-1:]}" not in ("[]", "{}"):
        return value
    try:
        return read_value(file, value)
    except ConfigError:
        return value
