"""Configuration: YAML documents, profiles, typed settings, live reload."""

from chassis.config.errors import ConfigError
from chassis.config.fields import Duration, NameList, Section
from chassis.config.live import LiveConfig
from chassis.config.metrics import ConfigCollector
from chassis.config.settings import ServiceSettings, refuse_demo_secrets
from chassis.config.snapshot import Snapshot
from chassis.config.source import ConfigSource
from chassis.config.spring import RedisSettings

__all__ = [
    "ConfigCollector",
    "ConfigError",
    "ConfigSource",
    "Duration",
    "LiveConfig",
    "NameList",
    "RedisSettings",
    "Section",
    "ServiceSettings",
    "Snapshot",
    "refuse_demo_secrets",
]
