"""What /admin/v1 responds, by the names of RFC 7662, 2.2; times in Unix seconds."""

import time
from collections.abc import Set as AbstractSet
from typing import Any, Literal

from pydantic import BaseModel

from cas_server.administration.holdings import HeldFamily, HeldToken, Holder, Page
from cas_server.administration.people_holdings import HeldConsent
from cas_server.sessions.session import Session
from cas_server.signing.key_files import MountedKey
from cas_server.signing.signing_keys import SigningKeys
from cas_server.stores.redis_holdings import Index

Kind = Literal["sessions", "access tokens", "families"]
KeyState = Literal["to come", "signs", "signed"]


class HolderRow(BaseModel):
    """How much there is: a user's sessions, a client's access tokens, or families of both."""

    kind: Kind
    client_id: str | None = None
    username: str | None = None
    count: int
    oldest: int
    newest: int


class FamilyRow(BaseModel):
    """A live family of refresh tokens; `refreshes` counts those that succeeded."""

    family: str
    client_id: str
    username: str
    scope: str
    aud: list[str]
    iat: int
    exp: int
    refreshes: int


class TokenRow(BaseModel):
    """A live access token; `token` is its handle."""

    token: str
    jti: str
    client_id: str
    username: str | None = None
    scope: str
    aud: list[str]
    iat: int
    exp: int


class SessionRow(BaseModel):
    """A session of a browser; `seen` is when it was used last."""

    session: str
    username: str
    device: str
    auth_time: int
    seen: int
    exp: int


class ConsentRow(BaseModel):
    """The scopes that a user allowed to a client."""

    client_id: str
    username: str
    scope: str
    iat: int
    exp: int


class KeyRow(BaseModel):
    """A published signing key: it signs from a time on, until one of its algorithm follows."""

    kid: str
    alg: str
    name: str
    state: KeyState
    signs_from: int


class Holders(BaseModel):
    """A page of holders; `next` is the cursor of the next one."""

    holders: list[HolderRow]
    next: str | None = None


class Families(BaseModel):
    """A page of families; `next` is the cursor of the next one."""

    families: list[FamilyRow]
    next: str | None = None


class Tokens(BaseModel):
    """A page of access tokens; `next` is the cursor of the next one."""

    tokens: list[TokenRow]
    next: str | None = None


class Sessions(BaseModel):
    """A page of sessions; `next` is the cursor of the next one."""

    sessions: list[SessionRow]
    next: str | None = None


class ConsentPage(BaseModel):
    """A page of consents; `next` is the cursor of the next one."""

    consents: list[ConsentRow]
    next: str | None = None


class Ended(BaseModel):
    """How many ended; where there is `next`, go on with that cursor."""

    ended: int
    next: str | None = None


class Keys(BaseModel):
    """The keys, by the times from which they sign."""

    keys: list[KeyRow]


def holders(page: Page[Holder]) -> Holders:
    """Return a page of holders."""
    return Holders(holders=[_holder(one) for one in page.items], next=_next(page))


def families(page: Page[HeldFamily]) -> Families:
    """Return a page of families."""
    return Families(families=[_family(one) for one in page.items], next=_next(page))


def tokens(page: Page[HeldToken]) -> Tokens:
    """Return a page of access tokens."""
    return Tokens(tokens=[_token(one) for one in page.items], next=_next(page))


def sessions(page: Page[Session]) -> Sessions:
    """Return a page of sessions."""
    return Sessions(sessions=[_session(one) for one in page.items], next=_next(page))


def consents(page: Page[HeldConsent]) -> ConsentPage:
    """Return a page of consents."""
    return ConsentPage(consents=[_consent(one) for one in page.items], next=_next(page))


def keys(signing: SigningKeys) -> Keys:
    """Return the keys that are published now."""
    signing_ids = {key.id for one in signing.mounted if (key := signing.signing(one.key.algorithm))}
    return Keys(keys=[_key(signing, one, signing_ids) for one in signing.mounted])


def _key(signing: SigningKeys, one: MountedKey, signing_ids: AbstractSet[str]) -> KeyRow:
    state: KeyState = "signed" if signing.has_begun(one, time.time()) else "to come"
    return KeyRow(
        kid=one.key.id,
        alg=one.key.algorithm,
        name=one.name,
        state="signs" if one.key.id in signing_ids else state,
        signs_from=int(signing.begins(one)),
    )


def _holder(holder: Holder) -> HolderRow:
    index, extent = holder
    return HolderRow(
        kind=_kind(index),
        client_id=index.client_id or None,
        username=index.user_name or None,
        count=extent.number,
        oldest=extent.oldest,
        newest=extent.newest,
    )


def _kind(index: Index) -> Kind:
    if not index.client_id:
        return "sessions"
    return "families" if index.user_name else "access tokens"


def _session(session: Session) -> SessionRow:
    return SessionRow(
        session=session.handle,
        username=session.user_name,
        device=session.device,
        auth_time=session.authenticated_at,
        seen=session.seen_at,
        exp=session.ends_at,
    )


def _consent(held: HeldConsent) -> ConsentRow:
    consent = held.consent
    return ConsentRow(
        client_id=consent.client_id,
        username=held.user_name,
        scope=" ".join(consent.scopes),
        iat=consent.given_at,
        exp=consent.ends_at,
    )


def _family(held: HeldFamily) -> FamilyRow:
    family, grant = held.state.family, held.state.family.grant
    return FamilyRow(
        family=family.id,
        client_id=grant.client_id,
        username=grant.user_name,
        scope=" ".join(grant.scopes),
        aud=list(grant.audience),
        iat=held.issued_at,
        exp=family.ends_at,
        refreshes=held.state.number - 1,
    )


def _token(held: HeldToken) -> TokenRow:
    stored = held.stored
    return TokenRow(
        token=held.handle,
        jti=stored.token_id,
        client_id=stored.client_id,
        username=stored.user_name or None,
        scope=" ".join(stored.scopes),
        aud=list(stored.audience),
        iat=stored.issued_at,
        exp=stored.expires_at,
    )


def _next(page: Page[Any]) -> str | None:
    return page.next.encode() if page.next else None
