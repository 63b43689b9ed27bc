"""Checked tokens are cached briefly, and concurrent checks of one token share one call."""

import asyncio
import gc
import time
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chassis import LiveConfig, ServiceSettings
from chassis.config import ConfigSource
from chassis.errors import InvalidToken, TemporarilyUnavailable
from chassis.security.authentication import Authentication
from chassis.token_services.cache import CachedTokenServices
from unit.chassis.security.tokens import ALICE, KnownTokens


def cached(tokens: KnownTokens, **resource: Any) -> CachedTokenServices:
    settings = ServiceSettings(security={"oauth2": {"resource": resource}})
    return CachedTokenServices(tokens, LiveConfig.fixed(settings))


@pytest.mark.anyio
async def test_a_valid_token_is_cached() -> None:
    tokens = KnownTokens()
    services = cached(tokens)
    assert await services.authenticate("alice") is await services.authenticate("alice")
    assert tokens.checks == 1


@pytest.mark.anyio
async def test_an_invalid_token_is_cached() -> None:
    tokens = KnownTokens()
    services = cached(tokens)
    for _ in range(3):
        with pytest.raises(InvalidToken) as raised:
            await services.authenticate("wrong")
    assert tokens.checks == 1
    assert raised.value.__traceback__ is not None


@pytest.mark.anyio
async def test_zero_ttl_disables_the_cache() -> None:
    tokens = KnownTokens()
    services = cached(tokens, cache_ttl=0, negative_cache_ttl=0)
    for token in ("alice", "alice", "wrong", "wrong"):
        await asyncio.gather(services.authenticate(token), return_exceptions=True)
    assert tokens.checks == 4


@pytest.mark.anyio
async def test_a_token_is_never_cached_beyond_its_expiry() -> None:
    expired = replace(ALICE, expires_at=int(time.time()))
    tokens = KnownTokens({"alice": expired})
    services = cached(tokens, cache_ttl=60)
    await services.authenticate("alice")
    await services.authenticate("alice")
    assert tokens.checks == 2


@pytest.mark.anyio
async def test_an_outage_is_not_cached() -> None:
    class Flaky(KnownTokens):
        async def authenticate(self, token: str) -> Authentication:
            authentication = await super().authenticate(token)
            if self.checks == 1:
                raise TemporarilyUnavailable
            return authentication

    services = cached(Flaky())
    with pytest.raises(TemporarilyUnavailable):
        await services.authenticate("alice")
    assert (await services.authenticate("alice")).name == "alice"


@pytest.mark.anyio
@pytest.mark.bound("token-cache")
async def test_the_cache_is_bounded_and_invalid_tokens_evict_no_valid_one() -> None:
    tokens = KnownTokens({f"good{n}": ALICE for n in range(5)})
    services = cached(tokens, cache_size=3, cache_ttl=60, negative_cache_ttl=60)
    for token in [*tokens.known, *(f"bad{n}" for n in range(50))]:
        await asyncio.gather(services.authenticate(token), return_exceptions=True)
    assert (len(services._valid), len(services._rejected)) == (3, 3)
    before = tokens.checks
    await services.authenticate("good4")
    assert tokens.checks == before


@pytest.mark.anyio
async def test_cache_keys_are_digests_and_not_tokens() -> None:
    services = cached(KnownTokens())
    await services.authenticate("alice")
    (key,) = services._valid._entries
    assert len(key) == 32
    assert b"alice" not in key


@pytest.mark.anyio
async def test_concurrent_checks_of_one_token_share_one_call_and_its_result() -> None:
    tokens = KnownTokens()
    tokens.may_answer.clear()
    services = cached(tokens, cache_ttl=60)
    good = [asyncio.create_task(services.authenticate("alice")) for _ in range(10)]
    bad = [asyncio.create_task(services.authenticate("wrong")) for _ in range(10)]
    await tokens.begun.wait()
    tokens.may_answer.set()
    assert {(await task).name for task in good} == {"alice"}
    refused = await asyncio.gather(*bad, return_exceptions=True)
    assert all(isinstance(error, InvalidToken) for error in refused)
    assert tokens.checks == 2


@pytest.mark.anyio
async def test_without_a_cache_no_request_has_the_result_of_a_call_that_began_before_it() -> None:
    """A token that was revoked in between would pass."""
    tokens = KnownTokens()
    tokens.may_answer.clear()
    services = cached(tokens, cache_ttl=0, negative_cache_ttl=0)
    before = asyncio.create_task(services.authenticate("alice"))
    await tokens.begun.wait()
    after = asyncio.create_task(services.authenticate("alice"))
    await asyncio.sleep(0)
    del tokens.known["alice"]
    tokens.may_answer.set()
    outcomes = await asyncio.gather(before, after, return_exceptions=True)
    assert isinstance(outcomes[1], InvalidToken)
    assert tokens.checks == 2


@pytest.mark.anyio
async def test_a_call_that_began_longer_ago_than_the_ttl_is_not_shared(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    tokens = KnownTokens()
    tokens.may_answer.clear()
    services = cached(tokens, cache_ttl=10, negative_cache_ttl=0)
    calls = []
    for seconds in (100.0, 109.0, 111.0):
        monkeypatch.setattr(time, "monotonic", lambda now=seconds: now)
        calls.append(asyncio.create_task(services.authenticate("alice")))
        await tokens.begun.wait()
        await asyncio.sleep(0)
    monkeypatch.undo()
    tokens.may_answer.set()
    assert {(await call).name for call in calls} == {"alice"}
    assert tokens.checks == 2


@pytest.mark.anyio
async def test_a_result_is_remembered_without_waiting() -> None:
    tokens = KnownTokens()
    services = cached(tokens, cache_ttl=60, negative_cache_ttl=60)
    assert services.remembered("alice") is None
    checked = await services.authenticate("alice")
    assert services.remembered("alice") is checked
    assert services.remembered("wrong") is None
    with pytest.raises(InvalidToken):
        await services.authenticate("wrong")
    with pytest.raises(InvalidToken):
        services.remembered("wrong")
    assert tokens.checks == 2


@pytest.mark.anyio
async def test_a_cancelled_waiter_does_not_cancel_the_others() -> None:
    tokens = KnownTokens()
    tokens.may_answer.clear()
    services = cached(tokens)
    first, second, third = (asyncio.create_task(services.authenticate("alice")) for _ in range(3))
    await tokens.begun.wait()
    second.cancel()
    tokens.may_answer.set()
    assert (await first).name == (await third).name == "alice"
    assert tokens.checks == 1


@pytest.mark.anyio
async def test_another_waiter_takes_over_when_the_calling_one_is_cancelled() -> None:
    tokens = KnownTokens()
    tokens.may_answer.clear()
    services = cached(tokens)
    first, second, third = (asyncio.create_task(services.authenticate("alice")) for _ in range(3))
    await tokens.begun.wait()
    tokens.begun.clear()
    first.cancel()
    await tokens.begun.wait()
    tokens.may_answer.set()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert (await second).name == (await third).name == "alice"
    assert tokens.checks == 2
    assert len(services._flights) == 0


@pytest.mark.anyio
@pytest.mark.bound("token-cache-time")
async def test_a_reloaded_ttl_applies_immediately(tmp_path: Path) -> None:
    def write(ttl: str) -> None:
        text = f"security: {{oauth2: {{resource: {{cache-ttl: {ttl}}}}}}}\n"
        (tmp_path / "application.yaml").write_text(text)

    write("60s")
    live = LiveConfig.load(ConfigSource("order-service", config_dir=tmp_path), ServiceSettings)
    tokens = KnownTokens()
    services = CachedTokenServices(tokens, live)
    await services.authenticate("alice")
    await services.authenticate("alice")
    assert tokens.checks == 1
    write("0")
    await live.reload_if_changed()
    await services.authenticate("alice")
    await services.authenticate("alice")
    assert tokens.checks == 3


@pytest.mark.anyio
async def test_closing_closes_the_wrapped_token_services() -> None:
    tokens = KnownTokens()
    await cached(tokens).aclose()
    assert tokens.closed


@pytest.mark.anyio
async def test_a_cached_refusal_references_neither_request_nor_token() -> None:
    """Regression: a cached error referenced, by its traceback, every frame up to the request."""

    class Held:
        """A stand-in for an object that the frames reference."""

    class Refusing:
        def __init__(self) -> None:
            self.held: weakref.ref[Held] | None = None

        async def authenticate(self, token: str) -> Authentication:
            held = Held()
            self.held = weakref.ref(held)
            raise InvalidToken(f"no token of {len(token)} characters")

        async def aclose(self) -> None:
            """Close nothing."""

    inner = Refusing()
    services = CachedTokenServices(inner, LiveConfig.fixed(ServiceSettings()))
    for _ in range(2):
        with pytest.raises(InvalidToken, match="no token of 5 characters"):
            await services.authenticate("wrong")
    gc.collect()
    assert inner.held is not None
    assert inner.held() is None
