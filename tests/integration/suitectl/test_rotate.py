"""A client's secret is rotated under load, with real replicas that get it in turn."""

import asyncio
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from chassis.client import ServiceClients
from chassis.errors import ApiError
from chassis.security.authentication import TokenServices
from chassis.token_services.modes import create_token_services
from eventually import PATIENCE_S
from integration.suitectl.rotating import SERVICE, MountedSuite, mounted
from redis_process import redis_port
from suitectl.errors import CommandFailedError
from suitectl.reporter import Reporter
from suitectl.secrets.generated import generate
from suitectl.secrets.record_key_rotation import retire_record_keys, rotate_record_keys
from suitectl.secrets.rotation import retire, rotate
from suitectl.secrets.stored import StoredSecrets

pytestmark = pytest.mark.anyio


class Said(Reporter):
    """Collects the messages of a rotation."""

    def __init__(self) -> None:
        super().__init__()
        self.lines: list[str] = []

    def good(self, text: str) -> None:
        self.lines.append(text)

    def say(self, text: str) -> None:
        self.lines.append(text)


class NotDeployed(MountedSuite):
    """Secrets that are not deployed yet."""

    def __init__(self) -> None:
        super().__init__({})

    async def is_deployed(self) -> bool:
        return False


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with redis_port(tmp_path_factory.mktemp("redis")) as port:
        yield port


@pytest.fixture(scope="module")
async def generated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generate once, since each hash is a separate process."""
    directory = tmp_path_factory.mktemp("generated") / "secrets"
    await generate(directory)
    return directory


@pytest.fixture
def stored(generated: Path, tmp_path: Path) -> StoredSecrets:
    return StoredSecrets.load(Path(shutil.copytree(generated, tmp_path / "secrets")))


@asynccontextmanager
async def load(clients: ServiceClients, services: TokenServices) -> AsyncIterator[Counter[str]]:
    """Continuously issue tokens to the service and let it check them; count the outcomes."""
    seen: Counter[str] = Counter()
    ended = asyncio.Event()

    async def work() -> None:
        while not ended.is_set():
            clients.own_tokens.clear()
            try:
                await services.authenticate((await clients.own_tokens.get()).value)
                seen["good"] += 1
            except ApiError as error:
                seen[str(error)] += 1

    async with asyncio.TaskGroup() as workers:
        for _ in range(4):
            workers.create_task(work())
        try:
            yield seen
        finally:
            ended.set()


async def some_more(seen: Counter[str]) -> None:
    goal = seen.total() + 40
    async with asyncio.timeout(PATIENCE_S):
        while seen.total() < goal:  # noqa: ASYNC110 - waits for the load
            await asyncio.sleep(0.01)


async def test_no_call_fails_while_a_secret_is_rotated(
    stored: StoredSecrets, tmp_path: Path, redis: int
) -> None:
    old, said = stored.plain[SERVICE], Said()
    async with mounted(stored, tmp_path, redis) as (suite, clients, live):
        services = create_token_services(live, clients)
        async with load(clients, services) as seen:
            await some_more(seen)
            await rotate(stored, SERVICE, suite, said)
            await some_more(seen)
            await retire(stored, SERVICE, suite, said)
            await some_more(seen)
        await services.aclose()
        assert seen["good"] == seen.total()
        await suite.await_accepted(SERVICE, stored.plain[SERVICE])
        await suite.await_refused(SERVICE, old)
    assert stored.plain[SERVICE] != old
    assert not [line for line in said.lines if old in line or stored.plain[SERVICE] in line]


async def test_no_call_fails_while_the_record_key_is_rotated(
    stored: StoredSecrets, tmp_path: Path, redis: int
) -> None:
    (old,), said = stored.record_keys, Said()
    async with mounted(stored, tmp_path, redis) as (suite, clients, live):
        services = create_token_services(live, clients)
        before = (await clients.own_tokens.get()).value
        async with load(clients, services) as seen:
            await rotate_record_keys(stored, suite, said)
            await some_more(seen)
        assert await services.authenticate(before)
        await services.aclose()
    assert seen["good"] == seen.total()
    new, opens_still = stored.record_keys
    assert opens_still == old
    assert not [line for line in said.lines if old in line or new in line]


async def test_the_old_record_key_is_removed_and_an_interrupted_rotation_resumes(
    stored: StoredSecrets,
) -> None:
    (old,), said, nowhere = stored.record_keys, Said(), NotDeployed()
    with pytest.raises(CommandFailedError, match="no old key: make secrets ROTATE=record-keys"):
        await retire_record_keys(stored, nowhere, said)
    stored.plain["record-keys"] = "n" * 43
    stored.set_record_keys([old, "n" * 43])
    stored.save()
    again = StoredSecrets.load(stored.directory)
    await rotate_record_keys(again, nowhere, said)
    assert again.record_keys == ["n" * 43, old]
    with pytest.raises(CommandFailedError, match="make secrets RETIRE=record-keys"):
        await rotate_record_keys(again, nowhere, said)
    await retire_record_keys(again, nowhere, said)
    assert StoredSecrets.load(stored.directory).record_keys == ["n" * 43]


async def test_an_interrupted_rotation_resumes_with_its_new_secret(stored: StoredSecrets) -> None:
    await stored.renew(SERVICE)
    stored.save()
    again = StoredSecrets.load(stored.directory)
    assert not await again.renew(SERVICE)
    assert again.plain == stored.plain


async def test_stored_secrets_are_readable_only_by_their_owner(stored: StoredSecrets) -> None:
    await stored.renew("demo-app")
    stored.save()
    modes = {path.name: path.stat().st_mode & 0o777 for path in stored.directory.iterdir()}
    assert set(modes.values()) == {0o600}


async def test_a_rotation_changes_the_password_of_a_user(stored: StoredSecrets) -> None:
    before = stored.plain["alice"]
    assert await stored.renew("alice")
    assert stored.plain["alice"] != before


@pytest.mark.parametrize(
    ("name", "why"),
    [
        (SERVICE, f"one secret only: make secrets ROTATE={SERVICE}"),
        ("alice", "one password: nothing to retire"),
        ("nobody", "no such client or user; there are: demo-app, "),
    ],
)
async def test_a_secret_that_cannot_be_retired_is_reported_in_one_line(
    stored: StoredSecrets, name: str, why: str
) -> None:
    with pytest.raises(CommandFailedError, match=why) as refused:
        stored.retire(name)
    assert "\n" not in str(refused.value)


def test_a_directory_without_secrets_is_refused_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(CommandFailedError, match="no secrets yet: make secrets"):
        StoredSecrets.load(tmp_path)
