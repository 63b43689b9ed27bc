"""The registered clients and users are the designed demo identities with their rights."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from cas_server.identities.registration import ClientRegistration
from cas_server.passwords.hashing import matches_blocking
from cas_server.settings import CasSettings
from suitectl.catalogue import apis

EVERY = frozenset(api.resource_id for api in apis())


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoClient:
    """The rights of a client by design."""

    grants: frozenset[str]
    scopes: frozenset[str]
    audience: frozenset[str] = EVERY
    checks_tokens: bool = False
    validity: int | None = None
    public: bool = False


SERVICE = frozenset({"client_credentials"})
PUBLIC = frozenset({"authorization_code", "refresh_token"})
PEOPLE = PUBLIC | {"password", "client_credentials"}
READ, READ_WRITE = frozenset({"read"}), frozenset({"read", "write"})
CLIENTS: Mapping[str, DemoClient] = {
    "demo-app": DemoClient(grants=PEOPLE, scopes=READ_WRITE),
    "demo-cli": DemoClient(grants=PUBLIC, scopes=READ_WRITE, public=True),
    "short-lived-app": DemoClient(grants=SERVICE, scopes=READ, validity=1),
    "read-only-app": DemoClient(grants=SERVICE, scopes=READ),
}
SERVICES = frozenset(api.client_id for api in apis())
USERS: Mapping[str, frozenset[str]] = {
    "alice": frozenset({"ROLE_USER"}),
    "admin": frozenset({"ROLE_USER", "ROLE_ADMIN"}),
}


def client_findings(settings: CasSettings) -> Iterator[str]:
    """Return clients that are missing, unknown, or have other rights than designed."""
    if different := settings.clients.keys() ^ CLIENTS.keys() ^ SERVICES:
        yield f"clients: {sorted(different)}"
    for name in settings.clients.keys() & CLIENTS.keys():
        if (found := _allowed(settings.clients[name])) != CLIENTS[name]:
            yield f"clients.{name}: {found}"
    for name in settings.clients.keys() & SERVICES:
        if (found := _allowed(settings.clients[name])) != _service(found):
            yield f"clients.{name}: {found}"
    if set(settings.password_grant_clients) != {"demo-app"}:
        yield f"password-grant-clients: {settings.password_grant_clients}"


def user_findings(settings: CasSettings) -> Iterator[str]:
    """Return users that are missing, unknown, or have other roles than designed."""
    found = {name: frozenset(user.authorities) for name, user in settings.users.items()}
    for name in found.keys() | USERS.keys():
        if found.get(name) != USERS.get(name):
            yield f"users.{name}: {found.get(name)}"


def secret_findings(settings: CasSettings, demo: Mapping[str, str]) -> Iterator[str]:
    """Return clients and users whose secret is not the public demo secret."""
    clients = settings.clients.items()
    hashes = {name: client.client_secret for name, client in clients if not client.public}
    hashes |= {name: (user.password,) for name, user in settings.users.items()}
    for name, stored in hashes.items():
        if not all(matches_blocking(one, demo.get(name, "")) for one in stored or ("",)):
            yield f"{name}: has another secret"


def _service(found: DemoClient) -> DemoClient:
    """Return what a service may have at most: no user's grants, no audience but services."""
    scopes, audience = found.scopes & READ_WRITE, found.audience & EVERY
    return DemoClient(grants=SERVICE, scopes=scopes, audience=audience, checks_tokens=True)


def _allowed(client: ClientRegistration) -> DemoClient:
    return DemoClient(
        grants=frozenset(client.authorized_grant_types),
        scopes=frozenset(client.scope),
        audience=frozenset(client.resource_ids),
        checks_tokens=client.check_tokens,
        validity=client.access_token_validity_seconds,
        public=client.public,
    )
