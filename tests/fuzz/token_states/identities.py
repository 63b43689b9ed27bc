"""The clients, users and keys of the reference, and the configuration that they make."""

import itertools
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from cas_server.passwords.hashing import hash_generated
from cas_server.signing.new_key import new_signing_key
from chassis.jwt.keys import private_key

CHECKER, STRANGER = "orders", "stock"
"""Services that check tokens: of their own audience."""
GRANTS = frozenset(("password", "refresh_token", "client_credentials", "authorization_code"))
CALLBACK = "https://app.example/callback"
MOST_FAMILIES, MOST_TOKENS = 3, 6
SHORT_S, SHORT_FAMILY_S = 1, 3
_HOUR = 3600


class Secret(NamedTuple):
    """A secret of 256 bits and the hash that is configured."""

    text: str
    stored: str

    @classmethod
    def new(cls) -> Self:
        """Make a secret."""
        text = secrets.token_urlsafe(32)
        return cls(text, hash_generated(text))


SERVICES = {CHECKER: Secret.new(), STRANGER: Secret.new()}


class Kind(NamedTuple):
    """What is different of a client: lifetimes in seconds, bounds, audience."""

    form: Mapping[str, str]
    access_s: int = _HOUR
    family_s: int = _HOUR
    tokens: int = 10_000
    families: int = 100
    audience: tuple[str, ...] = (CHECKER,)


KINDS: Mapping[str, Kind] = {
    "opaque": Kind({}, tokens=MOST_TOKENS, audience=(CHECKER, "nobody")),
    "jwt": Kind({"token-format": "jwt"}, families=MOST_FAMILIES),
    "short": Kind({"token-format": "jwt"}, access_s=SHORT_S, family_s=SHORT_FAMILY_S),
}


@dataclass
class Client:
    """A client as it is configured now."""

    name: str
    kind: Kind
    secrets: list[Secret] = field(default_factory=lambda: [Secret.new()])
    grants: frozenset[str] = GRANTS
    enabled: bool = True

    @property
    def signs(self) -> bool:
        """Return whether its access tokens are JWTs."""
        return bool(self.kind.form)

    def registration(self) -> Mapping[str, object]:
        """Return its part of the configuration."""
        return {
            "client-secret": [one.stored for one in self.secrets],
            "authorized-grant-types": sorted(self.grants),
            "scope": ["read", "write"],
            "redirect-uris": [CALLBACK],
            "resource-ids": list(self.kind.audience),
            "access-token-validity-seconds": self.kind.access_s,
            "refresh-token-validity-seconds": self.kind.family_s,
            "max-tokens": self.kind.tokens,
            "max-families-per-user": self.kind.families,
            "enabled": self.enabled,
            **self.kind.form,
        }


@dataclass
class User:
    """A user as configured now; one that is neither enabled nor configured is gone."""

    name: str
    passwords: list[Secret] = field(default_factory=lambda: [Secret.new(), Secret.new()])
    authorities: tuple[str, ...] = ("ROLE_USER",)
    enabled: bool = True
    configured: bool = True

    @property
    def exists(self) -> bool:
        """Return whether it may log in."""
        return self.enabled and self.configured


class SigningKey(NamedTuple):
    """A mounted key: its file's name, its `kid`, and its text."""

    name: str
    id: str
    pem: str


@dataclass
class Registered:
    """Everything that is configured, for one run of the model."""

    clients: dict[str, Client]
    users: dict[str, User]
    grace_s: int
    signing_keys: list[SigningKey] = field(default_factory=list)
    record_keys: list[str] = field(default_factory=list)
    told: set[str] = field(default_factory=set)
    """The keys that sign before their time."""
    _numbers: "itertools.count[int]" = field(default_factory=itertools.count)

    @property
    def signing(self) -> SigningKey:
        """Return the key that signs: the latest whose time has come, or that was told to."""
        return max(
            one
            for one in self.signing_keys
            if one.id in self.told or not one.name.startswith("2999")
        )

    def following(self) -> SigningKey | None:
        """Return the key that is the next one to sign."""
        to_come = [one for one in self.signing_keys if one.name.startswith("2999")]
        return min((one for one in to_come if one.id not in self.told), default=None)

    def add_signing_key(self, year: int) -> None:
        """Mount a key that signs from some second of a year on, after those before."""
        pem = new_signing_key("ES256")
        name = f"{year}0101T0000{next(self._numbers) % 60:02}Z"
        self.signing_keys.append(SigningKey(name, private_key(pem).id, pem))

    def add_record_key(self) -> None:
        """Seal with a new key; the others still open."""
        self.record_keys.insert(0, secrets.token_urlsafe(32))

    def configuration(self) -> Mapping[str, object]:
        """Return what cas-server is to load."""
        clients = {name: one.registration() for name, one in self.clients.items()}
        for name, secret in SERVICES.items():
            clients[name] = {
                "client-secret": secret.stored,
                "resource-ids": [name],
                "check-tokens": True,
            }
        users = {
            one.name: {
                "password": one.passwords[0].stored,
                "authorities": list(one.authorities),
                "enabled": one.enabled,
            }
            for one in self.users.values()
            if one.configured
        }
        return {
            "clients": clients,
            "users": users,
            "password-grant-clients": sorted(self.clients),
            "signing-keys": {one.name: one.pem for one in self.signing_keys},
            "record-keys": list(self.record_keys),
            "refresh-grace": f"{self.grace_s}s",
        }


def registered(number: int, *, grace_s: int) -> Registered:
    """Return clients and users whose names no run before has used."""
    clients = {f"{name}-{number}": Client(f"{name}-{number}", kind) for name, kind in KINDS.items()}
    users = {name: User(name) for name in (f"ann-{number}", f"bob-{number}")}
    made = Registered(clients, users, grace_s)
    made.add_signing_key(2024)
    made.add_record_key()
    return made
