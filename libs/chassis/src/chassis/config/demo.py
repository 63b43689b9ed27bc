"""Demo secrets, a name followed by `-123`: known to everyone, hence refused under `prod`."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, SecretStr

from chassis.config.errors import ConfigError
from chassis.normal_form import nfc

_SUFFIX = "-123"


def demo_secret(name: str) -> str:
    """Return the secret that everyone knows an identity of this name by."""
    return nfc(name + _SUFFIX)


def refuse_demo_secrets(profiles: Iterable[str], credentials: Iterable[tuple[str, str]]) -> None:
    """Raise `ConfigError` under `prod` for a secret, given with its key, that is anyone's demo."""
    if "prod" not in profiles:
        return
    for key, secret in credentials:
        if secret.endswith(_SUFFIX):
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
