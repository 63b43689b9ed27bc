"""Calls to other services: by name, bounded in time, retried within a budget."""

from chassis.client.auth import CallAuth, ClientCredentials, TokenRelay
from chassis.client.errors import ServiceTimeout, ServiceUnavailable, UnusableResponse
from chassis.client.service_client import ServiceClient
from chassis.client.service_clients import ServiceClients, service_client

__all__ = [
    "CallAuth",
    "ClientCredentials",
    "ServiceClient",
    "ServiceClients",
    "ServiceTimeout",
    "ServiceUnavailable",
    "TokenRelay",
    "UnusableResponse",
    "service_client",
]
