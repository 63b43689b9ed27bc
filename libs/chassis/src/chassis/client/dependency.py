"""Clients of other services as FastAPI dependencies.

DiffNs = Annotated[ServiceClient, Depends(service_client("diff-ns", auth=TokenRelay()))]
"""

from dataclasses import dataclass

from fastapi import Request

from chassis.client.auth import CallAuth
from chassis.client.service_client import ServiceClient
from chassis.client.service_clients import ServiceClients
from chassis.security.filter import caller_token


@dataclass(frozen=True, slots=True)
class _ClientOfRequest:
    service: str
    auth: CallAuth | None

    async def __call__(self, request: Request) -> ServiceClient:
        clients: ServiceClients = request.app.state.chassis.clients
        token = caller_token(request.scope)
        return clients.client(self.service, auth=self.auth, caller_token=token)


def service_client(service: str, *, auth: CallAuth | None = None) -> _ClientOfRequest:
    """Return a dependency that gives a `ServiceClient` for the request being served.

    `service` is a name, `name:port`, or a base URL. Without `auth` the call is anonymous.
    """
    return _ClientOfRequest(service, auth)
