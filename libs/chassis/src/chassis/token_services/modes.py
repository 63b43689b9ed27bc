"""Which token services check a token: `security.oauth2.resource.token-mode`."""

from typing import Any

from chassis.client.service_clients import ServiceClients
from chassis.config.live import LiveConfig
from chassis.jwt.compact import looks_like_jwt
from chassis.security.authentication import Authentication, TokenServices
from chassis.token_services.cache import CachedTokenServices
from chassis.token_services.remote import RemoteTokenServices
from chassis.token_services.signed import SignedTokenServices


def create_token_services(live: LiveConfig[Any], clients: ServiceClients) -> TokenServices:
    """Return token services that follow `token-mode`, with a short cache."""
    return CachedTokenServices(TokenServicesByMode(live, clients), live)


class TokenServicesByMode:
    """`check_token` asks the authorization server, `jwt` verifies here, `auto` goes by the shape.

    A token of the shape of a JWT is one in `auto`: an invalid one is not asked about again.
    """

    def __init__(self, live: LiveConfig[Any], clients: ServiceClients) -> None:
        self._live = live
        self._remote = RemoteTokenServices(live, clients.caller)
        self._signed = SignedTokenServices(live, clients.caller)
        if live.settings.security.oauth2.resource.token_mode != "check_token":  # noqa: S105
            # Now, and not while the first request waits for it.
            import chassis.jwt.keys  # noqa: F401, PLC0415 - 11 MiB, for JWTs alone

    async def authenticate(self, token: str) -> Authentication:
        """Check the token by the present mode."""
        mode = self._live.settings.security.oauth2.resource.token_mode
        if mode == "jwt" or (mode == "auto" and looks_like_jwt(token)):
            return await self._signed.authenticate(token)
        return await self._remote.authenticate(token)

    async def aclose(self) -> None:
        """Close both."""
        await self._signed.aclose()
        await self._remote.aclose()
