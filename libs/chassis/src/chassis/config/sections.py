"""The settings sections every service has; each default stands here and nowhere else."""

from typing import Annotated, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

from chassis.config.durations import Duration


def _listed(value: object) -> object:
    """Read a comma-separated text as a list, as Spring does."""
    if not isinstance(value, str):
        return value
    return [item.strip() for item in value.split(",") if item.strip()]


NameList = Annotated[tuple[str, ...], BeforeValidator(_listed)]
"""A YAML list, or names with commas between them."""


class Section(BaseModel):
    """A group of settings; an unknown name is an error unless the section is `tolerant`.

    Tolerant sections are those whose names Spring owns: what means nothing here is listed at
    `/info` and has no effect.
    """

    tolerant: ClassVar[bool] = False
    model_config = ConfigDict(
        frozen=True, extra="forbid", coerce_numbers_to_str=True, hide_input_in_errors=True
    )


class TolerantSection(Section):
    """A section with names of Spring's that have no effect here."""

    tolerant: ClassVar[bool] = True


class ApplicationSettings(TolerantSection):
    """`spring.application`."""

    name: str | None = None


class ReloadSettings(TolerantSection):
    """`spring.cloud.kubernetes.reload`: whether and how a changed mount takes effect."""

    enabled: bool = True
    strategy: Annotated[
        Literal["refresh", "restart", "none"],
        BeforeValidator(lambda value: str(value).lower().removesuffix("_context")),
    ] = "refresh"
    mode: Annotated[
        Literal["event", "polling"], BeforeValidator(lambda value: str(value).lower())
    ] = "event"
    period: Duration = 15.0


class SpringDiscoverySettings(TolerantSection):
    """`spring.cloud.kubernetes.discovery`: which namespaces, in mode `kubernetes`."""

    all_namespaces: bool = False
    namespaces: NameList = ()


class LoadBalancerSettings(TolerantSection):
    """`spring.cloud.kubernetes.loadbalancer` (older: `ribbon`)."""

    mode: Annotated[Literal["SERVICE", "POD"], BeforeValidator(lambda v: str(v).upper())] = (
        "SERVICE"
    )


class SpringKubernetesSettings(TolerantSection):
    """`spring.cloud.kubernetes`."""

    reload: ReloadSettings = ReloadSettings()
    discovery: SpringDiscoverySettings = SpringDiscoverySettings()
    ribbon: LoadBalancerSettings = LoadBalancerSettings()
    loadbalancer: LoadBalancerSettings = LoadBalancerSettings()


class SpringCloudSettings(TolerantSection):
    """`spring.cloud`."""

    kubernetes: SpringKubernetesSettings = SpringKubernetesSettings()


class SentinelSettings(TolerantSection):
    """`spring.data.redis.sentinel`: nodes as `host:port`."""

    master: str | None = None
    nodes: NameList = ()


class RedisSettings(TolerantSection):
    """`spring.data.redis` (older: `spring.redis`); `timeout` bounds each operation."""

    host: str = "localhost"
    port: int = Field(default=6379, ge=1, le=65535)
    username: str | None = None
    password: SecretStr | None = None
    database: int = Field(default=0, ge=0)
    ssl: bool = False
    timeout: Duration = 1.0
    sentinel: SentinelSettings = SentinelSettings()


class DataSettings(TolerantSection):
    """`spring.data`."""

    redis: RedisSettings | None = None


class SpringSettings(TolerantSection):
    """What of `spring.*` has an effect here."""

    application: ApplicationSettings = ApplicationSettings()
    cloud: SpringCloudSettings = SpringCloudSettings()
    data: DataSettings = DataSettings()
    redis_: RedisSettings = Field(default=RedisSettings(), alias="redis")

    model_config = ConfigDict(populate_by_name=True)

    @property
    def redis(self) -> RedisSettings:
        """Return the token store's settings; the newer name wins."""
        return self.data.redis or self.redis_


class ServletSettings(TolerantSection):
    """`server.servlet`."""

    context_path: str = ""


class ServerSettings(TolerantSection):
    """`server`: the API port, its limits, and the drain."""

    address: str = "0.0.0.0"  # noqa: S104 - a pod is reached by its own address
    port: int = Field(default=8080, ge=0, le=65535)
    servlet: ServletSettings = ServletSettings()
    shutdown: Literal["graceful", "immediate"] = "graceful"
    max_connection_age: Duration = 60.0
    keep_alive: Duration = 75.0
    request_timeout: Duration = 5.0
    max_body_size: int = Field(default=1024 * 1024, ge=0)
    limit_concurrency: int = Field(default=10_000, ge=1)
    drain_wait: Duration = 5.0
    shutdown_timeout: Duration = 20.0


class ManagementServerSettings(TolerantSection):
    """`management.server`: defaults follow `server`, the port is `server.port` + 10000."""

    address: str | None = None
    port: int | None = Field(default=None, ge=0, le=65535)


class ManagementSettings(TolerantSection):
    """`management`: where probes, metrics and info are served."""

    server: ManagementServerSettings = ManagementServerSettings()


class PathSettings(Section):
    """`security.path`: Ant patterns that need no token."""

    ignores: NameList = ()


class OAuth2ClientSettings(Section):
    """`security.oauth2.client`: the service's own credentials."""

    client_id: str | None = None
    client_secret: SecretStr | None = None
    access_token_uri: str | None = None
    user_authorization_uri: str | None = None
    scope: NameList = ()


class JwkSettings(Section):
    """`security.oauth2.resource.jwk`."""

    key_set_uri: str | None = None


class OAuth2ResourceSettings(Section):
    """`security.oauth2.resource`: how bearer tokens are checked."""

    id: str | None = None
    token_info_uri: str | None = None
    user_info_uri: str | None = None
    prefer_token_info: bool = True
    load_balanced: bool = False
    jwk: JwkSettings = JwkSettings()
    cache_ttl: Duration = 2.0
    negative_cache_ttl: Duration = 1.0
    cache_size: int = Field(default=10_000, ge=1)
    token_mode: Literal["check_token"] = "check_token"  # noqa: S105 - a mode


class AuthorizationSettings(Section):
    """`security.oauth2.authorization`."""

    check_token_access: str | None = None


class OAuth2Settings(Section):
    """`security.oauth2`."""

    client: OAuth2ClientSettings = OAuth2ClientSettings()
    resource: OAuth2ResourceSettings = OAuth2ResourceSettings()
    authorization: AuthorizationSettings = AuthorizationSettings()


class SecuritySettings(Section):
    """`security`."""

    path: PathSettings = PathSettings()
    oauth2: OAuth2Settings = OAuth2Settings()


class DiscoverySettings(Section):
    """`discovery`: how service names become addresses."""

    mode: Literal["dns", "static"] = "dns"
    namespaces: NameList = ()
    cluster_domain: str | None = None
    table: str | None = None


class ClientSettings(Section):
    """`client`: calls to other services."""

    connect_timeout: Duration = 1.0
    timeout: Duration = 5.0
    max_connection_age: Duration = 60.0
    keep_alive: Duration = 15.0
    pool_size: int = Field(default=100, ge=1)
    retry_budget: float = Field(default=0.2, ge=0, le=1)
    source_address: str | None = None


class LoggingSettings(TolerantSection):
    """`logging`: levels by logger name; `root` is all the rest."""

    level: dict[str, str] = Field(default_factory=dict)


class FaultSettings(Section):
    """`faults`: a bad version on purpose; probes are spared."""

    error_rate: float = Field(default=0.0, ge=0, le=1)
    latency_ms: float = Field(default=0.0, ge=0)
    allow: bool = False
