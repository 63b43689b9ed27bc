"""The settings sections of every service, with their defaults."""

import re
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr, model_validator

from chassis.ant import expression
from chassis.config.fields import (
    Duration,
    HttpUri,
    NameList,
    NetworkList,
    Section,
    TimeOut,
    TolerantSection,
    defaults,
)

ANY_ORIGIN = "*"
_TOKEN = re.compile(r"[!#$%&'+.^_`|~0-9A-Za-z-]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}


def _origins(origins: tuple[str, ...]) -> tuple[str, ...]:
    for origin in origins:
        if origin != ANY_ORIGIN and not _is_origin(origin):
            raise ValueError("invalid origin; write it as browsers do: https://app.example")
    return origins


def _is_origin(text: str) -> bool:
    """Return whether a text is an origin as sent by browsers: lower case, no default port."""
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
        raise ValueError("invalid name; list each one, since * does not include Authorization")
    return names


def _upper(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.upper() for name in names)


def _lower(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name.lower() for name in names)


Methods = Annotated[NameList, AfterValidator(_tokens), AfterValidator(_upper)]
HeaderNames = Annotated[NameList, AfterValidator(_tokens), AfterValidator(_lower)]


class CorsSettings(Section):
    """`server.cors`: the allowed origins, methods and headers; without an origin CORS is off."""

    allowed_origins: Annotated[NameList, AfterValidator(_origins)] = ()
    allowed_methods: Methods = ("GET", "HEAD", "POST")
    allowed_headers: HeaderNames = ("authorization", "content-type")
    exposed_headers: HeaderNames = ("retry-after", "traceresponse", "www-authenticate")
    max_age: Duration = 1800.0
    allow_credentials: bool = False

    @model_validator(mode="after")
    def _credentials_for_named_origins(self) -> Self:
        if self.allow_credentials and ANY_ORIGIN in self.allowed_origins:
            raise ValueError("credentials need named origins; * is every page")
        return self

    def allows(self, origin: str | None) -> bool:
        """Return whether the origin is allowed."""
        allowed = self.allowed_origins
        return origin is not None and (origin in allowed or ANY_ORIGIN in allowed)


class ServletSettings(TolerantSection):
    """`server.servlet`."""

    context_path: str = ""


class ForwardedSettings(Section):
    """`server.forwarded`: the header with the client's address, and the proxies that may set it."""

    trusted_proxies: NetworkList = ()
    header: Literal["x-forwarded-for", "forwarded"] = "x-forwarded-for"


class ServerSettings(TolerantSection):
    """`server`: the API port, its limits, and the drain."""

    address: str = "0.0.0.0"  # noqa: S104 - a pod needs all interfaces
    port: int = Field(default=8080, ge=0, le=65535)
    servlet: ServletSettings = defaults()
    forwarded: ForwardedSettings = defaults()
    cors: CorsSettings = defaults()
    shutdown: Literal["graceful", "immediate"] = "graceful"
    max_connection_age: Duration = 60.0
    keep_alive: Duration = 75.0
    request_timeout: TimeOut = 5.0
    max_body_size: int = Field(default=1024 * 1024, ge=0)
    body_budget: int = Field(default=16 * 1024 * 1024, ge=0)
    limit_concurrency: int = Field(default=10_000, ge=1)
    drain_wait: Duration = 5.0
    shutdown_timeout: Duration = 20.0


class ManagementServerSettings(TolerantSection):
    """`management.server`: defaults follow `server`, the port is `server.port` + 10000."""

    address: str | None = None
    port: int | None = Field(default=None, ge=0, le=65535)


class ManagementSettings(TolerantSection):
    """`management`: address and port of probes, metrics and info."""

    server: ManagementServerSettings = defaults()


_MAX_PATTERNS = 8192
"""Characters of all patterns together: the time of each request is proportional."""


def _ant_patterns(patterns: tuple[str, ...]) -> tuple[str, ...]:
    if sum(map(len, patterns)) > _MAX_PATTERNS:
        raise ValueError(f"has patterns of more than {_MAX_PATTERNS} characters; use ** and *")
    for pattern in patterns:
        expression(pattern)
    return patterns


class PathSettings(Section):
    """`security.path`: Ant patterns of paths that need no token."""

    ignores: Annotated[NameList, AfterValidator(_ant_patterns)] = ()


class OAuth2ClientSettings(Section):
    """`security.oauth2.client`: the service's own credentials."""

    client_id: str | None = None
    client_secret: SecretStr | None = None
    access_token_uri: HttpUri | None = None
    user_authorization_uri: str | None = None
    scope: NameList = ()


class JwkSettings(Section):
    """`security.oauth2.resource.jwk`."""

    key_set_uri: HttpUri | None = None


TokenTypes = Annotated[NameList, AfterValidator(_lower)]


class JwtSettings(Section):
    """`security.oauth2.resource.jwt`: what a signed access token must have."""

    issuer: str | None = None
    types: TokenTypes = ("at+jwt",)
    clock_skew: Annotated[Duration, Field(le=300)] = 10.0


class OAuth2ResourceSettings(Section):
    """`security.oauth2.resource`: how bearer tokens are checked."""

    id: str | None = None
    token_info_uri: HttpUri | None = None
    user_info_uri: HttpUri | None = None
    prefer_token_info: bool = True
    load_balanced: bool = False
    jwk: JwkSettings = defaults()
    jwt: JwtSettings = defaults()
    cache_ttl: Duration = 2.0
    negative_cache_ttl: Duration = 1.0
    cache_size: int = Field(default=10_000, ge=1)
    token_mode: Literal["check_token", "jwt", "auto"] = "check_token"  # noqa: S105 - a mode


class AuthorizationSettings(Section):
    """`security.oauth2.authorization`."""

    check_token_access: str | None = None


class OAuth2Settings(Section):
    """`security.oauth2`."""

    client: OAuth2ClientSettings = defaults()
    resource: OAuth2ResourceSettings = defaults()
    authorization: AuthorizationSettings = defaults()


class SecuritySettings(Section):
    """`security`."""

    path: PathSettings = defaults()
    oauth2: OAuth2Settings = defaults()


class DiscoverySettings(Section):
    """`discovery`: how service names are resolved."""

    mode: Literal["dns", "kubernetes", "static"] = "dns"
    namespaces: NameList = ()
    cluster_domain: str | None = None
    table: Path | None = None


class ClientSettings(Section):
    """`client`: calls to other services."""

    connect_timeout: TimeOut = 1.0
    timeout: TimeOut = 5.0
    max_connection_age: Duration = 60.0
    keep_alive: Duration = 15.0
    max_connections: int = Field(default=100, ge=1)
    max_response_size: int = Field(default=1024 * 1024, ge=1024)
    retry_budget: float = Field(default=0.2, ge=0, le=1)
    source_address: str | None = None


class LoggingSettings(TolerantSection):
    """`logging`: levels by logger name; `root` is all others."""

    level: dict[str, str] = Field(default_factory=dict)


class FaultSettings(Section):
    """`faults`: injected errors and latency; probes are not affected."""

    error_rate: float = Field(default=0.0, ge=0, le=1)
    latency_ms: float = Field(default=0.0, ge=0)
    allow: bool = False
