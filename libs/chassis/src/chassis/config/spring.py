"""The supported settings of `spring.*`, with their defaults."""

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, model_validator

from chassis.config.fields import NameList, SpringDuration, SpringTimeOut, TolerantSection, defaults


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _strategy(value: object) -> object:
    """Map Spring's `restart_context` and `shutdown` to `restart`."""
    if isinstance(value, str) and value.lower() in ("restart_context", "shutdown"):
        return "restart"
    return _lower(value)


class ApplicationSettings(TolerantSection):
    """`spring.application`."""

    name: str | None = None


class ReloadSettings(TolerantSection):
    """`spring.cloud.kubernetes.reload`: whether and how a changed mount takes effect.

    With the strategy `restart` each replica waits a random part of `max_wait_for_restart`, so that
    replicas do not restart together.
    """

    enabled: bool = True
    strategy: Annotated[Literal["refresh", "restart", "none"], BeforeValidator(_strategy)] = (
        "refresh"
    )
    mode: Annotated[Literal["event", "polling"], BeforeValidator(_lower)] = "event"
    period: SpringDuration = Field(default=15.0, ge=0.1)
    max_wait_for_restart: SpringDuration = 2.0


class SpringDiscoverySettings(TolerantSection):
    """`spring.cloud.kubernetes.discovery`: which namespaces, in mode `kubernetes`."""

    all_namespaces: bool = False
    namespaces: NameList = ()


class RibbonSettings(TolerantSection):
    """`spring.cloud.kubernetes.ribbon`, the older name of `loadbalancer`."""

    mode: Annotated[Literal["service", "pod"], BeforeValidator(_lower)] = "service"


class LoadBalancerSettings(TolerantSection):
    """`spring.cloud.kubernetes.loadbalancer`."""

    mode: Annotated[Literal["service", "pod"] | None, BeforeValidator(_lower)] = None


class SpringKubernetesSettings(TolerantSection):
    """`spring.cloud.kubernetes`."""

    reload: ReloadSettings = defaults()
    discovery: SpringDiscoverySettings = defaults()
    ribbon: RibbonSettings = defaults()
    loadbalancer: LoadBalancerSettings = defaults()

    @property
    def load_balancer_mode(self) -> Literal["service", "pod"]:
        """Return the mode; if both names are used, the newer one wins."""
        return self.loadbalancer.mode or self.ribbon.mode


class SpringCloudSettings(TolerantSection):
    """`spring.cloud`."""

    kubernetes: SpringKubernetesSettings = defaults()


class SslSettings(TolerantSection):
    """`spring.data.redis.ssl`: TLS, in the form of Boot 3.1, or `true` as before.

    As in Boot, naming a `bundle` enables TLS. The bundle's contents have no effect here.
    """

    enabled: bool | None = None
    bundle: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _switch(cls, value: object) -> object:
        return {"enabled": value} if isinstance(value, str | bool) else value


class SentinelSettings(TolerantSection):
    """`spring.data.redis.sentinel`: nodes as `host:port`, and credentials for them.

    With a `master`, host and port of Redis have no effect: the Sentinels provide them.
    """

    master: str | None = None
    nodes: NameList = ()
    username: str | None = None
    password: SecretStr | None = None


class RedisSettings(TolerantSection):
    """`spring.data.redis` (older: `spring.redis`); `timeout` bounds each operation."""

    host: str = "localhost"
    port: int = Field(default=6379, ge=1, le=65535)
    username: str | None = None
    password: SecretStr | None = None
    database: int = Field(default=0, ge=0)
    ssl: SslSettings = defaults()
    timeout: SpringTimeOut = 1.0
    sentinel: SentinelSettings = defaults()

    @property
    def tls(self) -> bool:
        """Return whether to use TLS."""
        return bool(self.ssl.bundle) if self.ssl.enabled is None else self.ssl.enabled


class DataSettings(TolerantSection):
    """`spring.data`."""

    redis: RedisSettings | None = None


class SpringSettings(TolerantSection):
    """The supported settings of `spring.*`."""

    application: ApplicationSettings = defaults()
    cloud: SpringCloudSettings = defaults()
    data: DataSettings = defaults()
    redis_: RedisSettings = defaults(alias="redis")

    @property
    def redis(self) -> RedisSettings:
        """Return the token store's settings; if both names are used, the newer one wins."""
        newer = self.data.redis
        if newer is None:
            return self.redis_
        return self.redis_.model_copy(
            update={name: getattr(newer, name) for name in newer.model_fields_set}
        )
