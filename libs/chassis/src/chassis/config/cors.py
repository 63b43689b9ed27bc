"""`server.cors`: the pages of other origins that may call this service (Fetch Standard, 3.2)."""

import re
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, model_validator

from chassis.config.durations import Duration
from chassis.config.section import NameList, Section

ANY_ORIGIN = "*"
_TOKEN = re.compile(r"[!#$%&'+.^_`|~0-9A-Za-z-]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def _origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    for origin in origins:
        if origin != ANY_ORIGIN and not _is_origin(origin):
            raise ValueError("is no origin as browsers write it; write https://app.example")
    return origins


def _is_origin(text: str) -> bool:
    """Tell whether a text is what a browser sends: lower case, no path, no default port."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname:
        return False
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    authority = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    is_plain = text.isascii() and text.isprintable() and not {" ", "*"} & set(text)
    return is_plain and text == f"{parts.scheme}://{authority}"


def _tokens(names: tuple[str, ...]) -> tuple[str, ...]:
    if not all(_TOKEN.fullmatch(name) for name in names):
        raise ValueError("has what is no name; write each one, * would not stand for Authorization")
    return names


def _upper(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.upper() for name in names)


def _lower(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.lower() for name in names)


Methods = Annotated[NameList, AfterValidator(_tokens), AfterValidator(_upper)]
HeaderNames = Annotated[NameList, AfterValidator(_tokens), AfterValidator(_lower)]


class CorsSettings(Section):
    """Hold who may call and what; without an origin CORS is off."""

    allowed_origins: Annotated[NameList, AfterValidator(_origins)] = ()
    allowed_methods: Methods = ("GET", "HEAD", "POST")
    allowed_headers: HeaderNames = ("authorization", "content-type")
    exposed_headers: HeaderNames = ("retry-after", "traceresponse", "www-authenticate")
    max_age: Duration = 1800.0
    allow_credentials: bool = False

    @model_validator(mode="after")
    def _credentials_for_named_origins(self) -> Self:
        if self.allow_credentials and ANY_ORIGIN in self.allowed_origins:
            raise ValueError("credentials are for origins that are named; * is everyone's page")
        return self

    def allows(self, origin: str | None) -> bool:
        """Tell whether pages of this origin may call."""
        allowed = self.allowed_origins
        return origin is not None and (origin in allowed or ANY_ORIGIN in allowed)
