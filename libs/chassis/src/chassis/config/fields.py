"""Sections and field types of settings: lists, durations, networks, URLs."""

import ipaddress
import re
from typing import Annotated, Any, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field


def listed(value: object) -> object:
    """Parse a comma-separated string as a list, as Spring does."""
    if not isinstance(value, str):
        return value
    return [item.strip() for item in value.split(",") if item.strip()]


NameList = Annotated[tuple[str, ...], BeforeValidator(listed)]
"""A YAML list, or comma-separated names."""


class Section(BaseModel):
    """A group of settings; an unknown name is an error unless the section is `tolerant`.

    Tolerant sections mirror Spring's: `/info` lists the names that have no effect here.
    """

    tolerant: ClassVar[bool] = False
    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        coerce_numbers_to_str=True,
        hide_input_in_errors=True,
        defer_build=True,
    )


def defaults(**options: Any) -> Any:
    """Return the default of a field that is a section: that section's own defaults.

    It is no instance, so that pydantic builds one validator, of all settings, and not one for each
    section on the way.
    """
    return Field(default_factory=dict, validate_default=True, **options)


class TolerantSection(Section):
    """A section of Spring's, of which some names have no effect here."""

    tolerant: ClassVar[bool] = True


_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
# ASCII only: otherwise digits of every script, and the long s as a unit, would match.
_SIMPLE = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d)?", re.ASCII | re.IGNORECASE)
_ISO = re.compile(
    r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?",
    re.ASCII | re.IGNORECASE,
)
_MAX_LENGTH = 64
_LONGEST = 10 * 365 * 86400.0
"""Ten years: longer durations overflow some clocks."""
_NO_DURATION = "not a duration; write seconds, or 500ms, 2s, 10m, 1h, 30d, PT2S"


def seconds(value: Any) -> Any:
    """Convert a duration to seconds; numbers are seconds."""
    if not isinstance(value, str):
        return value
    value = _bounded(value)
    if simple := _SIMPLE.fullmatch(value):
        return float(simple[1]) * _UNITS[(simple[2] or "s").lower()]
    iso = _ISO.fullmatch(value)
    if iso is None or not any(iso.groups()):
        raise ValueError(_NO_DURATION)
    days, hours, minutes, rest = (float(part or 0) for part in iso.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + rest


def milliseconds(value: Any) -> Any:
    """Convert a duration to seconds; numbers are milliseconds, as in Spring."""
    bounded = _bounded(value) if isinstance(value, str) else ""
    if (simple := _SIMPLE.fullmatch(bounded)) and not simple[2]:
        return float(simple[1]) / 1000
    bare = isinstance(value, int | float) and not isinstance(value, bool)
    return value / 1000 if bare else seconds(value)


def _bounded(text: str) -> str:
    """Strip white space; raise ValueError for a text that is too long for a duration."""
    if len(text) > _MAX_LENGTH:
        raise ValueError(_NO_DURATION)
    return text.strip()


_LIMITS = Field(ge=0, le=_LONGEST, allow_inf_nan=False)

Duration = Annotated[float, BeforeValidator(seconds), _LIMITS]
"""Seconds; accepts `2`, `500ms`, `10m` and ISO 8601's `PT2S`."""

SpringDuration = Annotated[float, BeforeValidator(milliseconds), _LIMITS]
"""Seconds; like `Duration`, but a bare number is milliseconds, as in Spring's own settings."""

_MORE = Field(gt=0, le=_LONGEST, allow_inf_nan=False)

TimeOut = Annotated[float, BeforeValidator(seconds), _MORE]
"""Like `Duration`, but not 0, which is ambiguous: no time at all, or no timeout."""

SpringTimeOut = Annotated[float, BeforeValidator(milliseconds), _MORE]
"""Like `SpringDuration`, but not 0."""


_NO_NETWORK = (
    "invalid network, or host bits set; write a network as 10.0.0.0/8 or fd00::/8, one address as"
    " 10.1.2.3"
)
IPNetwork = ipaddress.IPv4Network | ipaddress.IPv6Network


def _network(text: object) -> IPNetwork:
    try:
        return ipaddress.ip_network(str(text))
    except ValueError as error:
        raise ValueError(_NO_NETWORK) from error


def _networks(value: object) -> object:
    value = listed(value)
    return tuple(map(_network, value)) if isinstance(value, list | tuple) else value


NetworkList = Annotated[tuple[IPNetwork, ...], BeforeValidator(_networks)]
"""A YAML list of CIDRs, or comma-separated CIDRs."""


_NO_URL = "not an http or https URL in ASCII; write http://cas-server-service/oauth/check_token"


def _http_uri(text: str) -> str:
    try:
        parts = urlsplit(text)
        is_valid = parts.port != 0 and parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError as error:
        raise ValueError(_NO_URL) from error
    if not (is_valid and text.isascii() and text.isprintable() and " " not in text):
        raise ValueError(_NO_URL)
    return text


HttpUri = Annotated[str, AfterValidator(_http_uri)]
"""An absolute http or https URL; its host may be a service's name."""
