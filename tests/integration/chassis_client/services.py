"""The configuration and discovery of a resource service that calls servers of the test."""

from typing import Any

from chassis import LiveConfig, ServiceSettings
from chassis.discovery import Address, NameNotFoundError

OWN = {"client_id": "order-service", "client_secret": "order-service-123"}
CAS = "http://cas-server-service/oauth"


class Table:
    """Discovery by a dict of names."""

    def __init__(self, **addresses: Address) -> None:
        self._addresses = addresses

    async def resolve(self, name: str, port: int) -> Address:
        del port
        try:
            return self._addresses[name.partition("-")[0]]
        except KeyError:
            raise NameNotFoundError(name) from None

    def report_failure(self, address: Address) -> None:
        del address


def live(*, client: dict[str, Any] | None = None, **resource: Any) -> LiveConfig[ServiceSettings]:
    oauth2 = {
        "client": {**OWN, "access_token_uri": f"{CAS}/token"},
        "resource": {
            "id": "order-service",
            "token_info_uri": f"{CAS}/check_token",
            "cache_ttl": 0,
            "negative_cache_ttl": 0,
            **resource,
        },
    }
    return LiveConfig.fixed(ServiceSettings(security={"oauth2": oauth2}, client=client or {}))
