"""The demo identities: known to everyone, hence refused under the profile `prod`."""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from pydantic import BaseModel, SecretStr

from chassis.config.errors import ConfigError
from chassis.normal_form import nfc

_NAMES = (
    *("alice", "admin"),
    *("rest-service", "diff-ns-service", "demo-app", "short-lived-app", "read-only-app"),
)


def demo_secret(name: str) -> str:
    """Return the secret that everyone knows an identity of this name by."""
    return nfc(f"{name}-123")


DEMO_SECRETS: Mapping[str, str] = MappingProxyType({name: demo_secret(name) for name in _NAMES})
"""Secret by user name or client id, of the identities of the demo."""


def refuse_demo_secrets(
    profiles: Iterable[str], names: Iterable[str], credentials: Iterable[tuple[str, str]]
) -> None:
    """Raise `ConfigError` under `prod` for a secret, given with its key, that everyone knows.

    Those are the demo's, and the demo secret of anyone in `names`.
    """
    if "prod" not in profiles:
        return
    known = {*DEMO_SECRETS.values(), *map(demo_secret, names)}
    for key, secret in credentials:
        if nfc(secret) in known:
            reason = "a demo secret is refused under the profile prod; run make secrets"
            raise ConfigError(reason, key=key)


def secrets_in(settings: BaseModel, *path: str) -> Iterator[tuple[str, str]]:
    """Yield each secret that stands in clear in settings, with its key."""
    for name in type(settings).model_fields:
        yield from _secrets_of(getattr(settings, name), (*path, name.strip("_")))


def _secrets_of(value: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    if isinstance(value, SecretStr):
        yield ".".join(path).replace("_", "-"), value.get_secret_value()
    elif isinstance(value, BaseModel):
        yield from secrets_in(value, *path)
    elif isinstance(value, Mapping):
        for name, inner in value.items():
            yield from _secrets_of(inner, (*path, str(name)))
    elif isinstance(value, tuple | list):
        for inner in value:
            yield from _secrets_of(inner, path)
