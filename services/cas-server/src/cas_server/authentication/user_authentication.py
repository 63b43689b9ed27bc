"""A user's name and password: throttled, in the audit log, one hash for concurrent requests."""

import hashlib

from cas_server.errors import InvalidGrant
from cas_server.identities.identities import Identities
from cas_server.identities.users import User
from cas_server.passwords.hashing import PasswordPool
from cas_server.throttling.claimant import Claimant
from cas_server.throttling.failure_counters import Kind
from cas_server.throttling.throttle import Throttle
from chassis.normal_form import nfc
from chassis.single_flight import SingleFlight

_BAD = "User name or password is wrong"


class UserAuthentication:
    """Finds the user of a name and a password, for the password grant and for the login page."""

    def __init__(self, identities: Identities, passwords: PasswordPool, throttle: Throttle) -> None:
        self._identities, self._passwords, self._throttle = identities, passwords, throttle
        self._logging_in: SingleFlight[tuple[bytes, str, str], User] = SingleFlight()

    async def user(self, name: str, password: str, *, address: str, client: str = "") -> User:
        """Return the user; raise `InvalidGrant` for a wrong name or password.

        Raises what the throttle raises. `client` is who sent them, empty for the login page.
        """
        normal = nfc(name)
        # The length separates two splits of the same characters.
        digest = hashlib.sha256(f"{len(normal)}:{normal}{password}".encode()).digest()
        return await self._logging_in.run(
            (digest, client, address), lambda: self._login(normal, password, client, address)
        )

    async def _login(self, name: str, password: str, client: str, address: str) -> User:
        user = self._identities.user(name)
        claimant = Claimant(Kind.USER, name, address, exists=user is not None, client=client)
        async with self._throttle.attempt(claimant):
            if self._identities.is_demo(name, password):
                raise InvalidGrant(_BAD)
            stored = user.password if user is not None else None
            if await self._passwords.matches(stored, password) and user is not None:
                return user
            raise InvalidGrant(_BAD)
