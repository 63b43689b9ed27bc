"""Sessions and consents of one replica on a real Redis, without its endpoints."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from redis.asyncio import ConnectionPool

from cas_server.app import create_app
from cas_server.identities.identities import Identities
from cas_server.identities.not_before import IdentityReconciler
from cas_server.identities.users import User
from cas_server.sessions.consents import Consents
from cas_server.sessions.sessions import Sessions
from cas_server.settings import DurabilitySettings
from cas_server.stores.redis_token_store import RedisTokenStore
from cas_server.stores.session_store import ConsentStore, SessionStore
from cas_server.tokens.record_keys import RecordKeys
from chassis.testing import ConfigDirectory, configured
from eventually import PATIENCE_S
from redis_process import AS_CAS_SERVER

AGENT = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"


@dataclass
class Replica:
    """One replica's parts."""

    sessions: Sessions
    consents: Consents
    identities: Identities
    reconciler: IdentityReconciler
    store: RedisTokenStore

    def user(self, name: str = "alice") -> User:
        found = self.identities.user(name)
        assert found is not None
        return found

    async def begin(self, name: str = "alice", cookie: str = "") -> str:
        """Begin a session; return its cookie as browsers send it back."""
        moment = await self.reconciler.now()
        header = await self.sessions.begin(self.user(name), moment, scope(cookie))
        return header.partition(";")[0]


def scope(cookie: str = "") -> dict[str, Any]:
    """Return a request with this cookie."""
    headers = [(b"cookie", cookie.encode()), (b"user-agent", AGENT.encode())]
    return {"type": "http", "headers": headers}


@asynccontextmanager
async def replica(
    port: int, identities: dict[str, Any], *, confirmed: bool = True, **settings: Any
) -> AsyncIterator[Replica]:
    """Return the parts of a replica with these identities and settings.

    Where it is not `confirmed`, its writes wait for a replica of Redis that does not exist.
    """
    with TemporaryDirectory() as directory:
        config = ConfigDirectory(Path(directory), {"application.yaml": {**identities, **settings}})
        live = configured(create_app, config=config)
    keys, known = RecordKeys(live), Identities(live)
    name, password = AS_CAS_SERVER.values()
    waiting = DurabilitySettings(wait_replicas=1, wait_timeout=0.001)
    of_identities, store = [
        RedisTokenStore(
            ConnectionPool(port=port, username=name, password=password),
            durability,
            keys,
            timeout=PATIENCE_S,
        )
        for durability in (DurabilitySettings(), DurabilitySettings() if confirmed else waiting)
    ]
    reconciler = IdentityReconciler(known, of_identities, live)
    parts = (known, reconciler, live)
    sessions = Sessions(SessionStore(store.commands, keys), *parts)
    consents = Consents(ConsentStore(store.commands, keys), *parts)
    yield Replica(sessions, consents, known, reconciler, store)
    await store.aclose()
    await of_identities.aclose()
