"""Watches: what they yield, where they resume, and their bounds."""

import asyncio
import itertools
import json
from contextlib import aclosing
from pathlib import Path
from typing import Any

import pytest

from eventually import PATIENCE_S, until
from localkube.api.objects import Ref
from localkube.control import server
from localkube.control.client import Client
from localkube.control.server import ControlServer
from localkube.control.state_directory import SOCKET, State
from localkube.control.watch import Watch
from localkube.engine.store import Store
from localkube.engine.watches import HISTORY, WATCHES, Watches
from localkube.errors import LocalkubeError

pytestmark = pytest.mark.anyio


def config(name: str, *, labels: dict[str, str] | None = None, text: str = "") -> dict[str, Any]:
    metadata = {"name": name, "namespace": "default", "labels": labels or {}}
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": metadata,
        "data": {"text": text},
    }


async def changes(watches: Watches, count: int, **options: Any) -> list[tuple[str, str]]:
    """Return types and names of the first changes, without the bookmark."""
    found: list[tuple[str, str]] = []
    async with (
        aclosing(watches.watch(["configmaps"], **options)) as watch,
        asyncio.timeout(PATIENCE_S),
    ):
        async for change in watch:
            if change["type"] != "BOOKMARK":
                found.append((change["type"], change["object"]["metadata"]["name"]))
            if len(found) == count:
                break
    return found


async def test_a_watch_yields_what_exists_and_then_each_change() -> None:
    store = Store()
    watches = Watches(store)
    store.put(config("one"))
    reading = asyncio.create_task(changes(watches, 4))
    await asyncio.sleep(0)
    store.put(config("two"))
    store.put(config("one", text="new"))
    store.put({**config("one", text="new"), "kind": "Secret"})
    store.remove(Ref("ConfigMap", "default", "one"))

    assert await reading == [
        ("ADDED", "one"),
        ("ADDED", "two"),
        ("MODIFIED", "one"),
        ("DELETED", "one"),
    ]


async def test_a_watch_resumes_after_a_resource_version() -> None:
    store = Store()
    watches = Watches(store)
    version = int(store.put(config("one"))["metadata"]["resourceVersion"])
    store.put(config("two"))
    store.put(config("three"))

    assert await changes(watches, 2, version=version) == [("ADDED", "two"), ("ADDED", "three")]


async def test_an_object_that_leaves_the_selector_is_deleted_for_the_reader() -> None:
    store = Store()
    watches = Watches(store)
    store.put(config("one", labels={"app": "web"}))
    reading = asyncio.create_task(changes(watches, 3, selector={"app": "web"}))
    await asyncio.sleep(0)
    store.put(config("one", labels={"app": "other"}))
    store.put(config("one", labels={"app": "web"}))

    assert await reading == [("ADDED", "one"), ("DELETED", "one"), ("ADDED", "one")]


@pytest.mark.bound("localkube-watch-history")
async def test_a_reader_that_falls_behind_the_history_gets_an_error_and_costs_no_more() -> None:
    store = Store()
    watches = Watches(store)
    store.put(config("one"))
    async with aclosing(watches.watch(["configmaps"])) as slow:
        assert (await anext(slow))["type"] == "ADDED"
        for number in range(HISTORY + 2):
            store.put(config("one", text=str(number)))
        assert (await anext(slow))["type"] == "BOOKMARK"
        with pytest.raises(LocalkubeError, match=r"^too old resource version: 1 \(3\)$"):
            await anext(slow)

    assert len(watches._history) == HISTORY


async def test_a_version_of_the_future_is_refused() -> None:
    with pytest.raises(LocalkubeError, match=r"^too old resource version: 7 \(0\)$"):
        await changes(Watches(Store()), 1, version=7)


@pytest.mark.bound("localkube-watches")
async def test_open_watches_are_bounded_and_ended_ones_do_not_count() -> None:
    store = Store()
    watches = Watches(store)
    opened = [watches.watch(["pods"]) for _ in range(WATCHES)]
    for watch in opened:
        await anext(watch)
    with pytest.raises(LocalkubeError, match=r"^there are 100 watches already"):
        await changes(watches, 1)
    await opened[0].aclose()
    store.put(config("one"))

    assert await changes(watches, 1) == [("ADDED", "one")]
    for watch in opened:
        await watch.aclose()


async def test_a_cluster_that_goes_down_ends_its_watches_after_the_last_change() -> None:
    store = Store()
    watches = Watches(store)
    async with aclosing(watches.watch(["configmaps"])) as watch:
        await anext(watch)
        store.put(config("last"))
        watches.close()
        assert (await anext(watch))["object"]["metadata"]["name"] == "last"
        with pytest.raises(LocalkubeError, match=r"^localkube is going down$"):
            await anext(watch)


@pytest.mark.bound("localkube-stalled-reader")
async def test_a_reader_that_takes_nothing_is_dropped_with_a_clear_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(server, "STALLED_S", 0.05)  # clock: the reader reads nothing before it
    store = Store()
    watches = Watches(store)
    for number in range(40):
        store.put(config(f"c-{number}", text="x" * 100_000))
    control = ControlServer({}, {"watch": watches.watch})
    async with await control.start():
        reader, writer = await asyncio.open_unix_connection(SOCKET, limit=1000)
        writer.write(b'{"operation": "watch", "kinds": ["configmaps"]}\n')
        await until(lambda: watches._open == 1)
        await until(lambda: watches._open == 0)
        text = await reader.read()
        writer.close()

    *_, last = text.splitlines()
    assert json.loads(last) == {"error": "the reader took nothing for 0.05 s", "exit_code": 1}


async def test_a_client_that_leaves_ends_its_watch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    watches = Watches(Store())
    control = ControlServer({}, {"watch": watches.watch})
    async with await control.start():
        with Client(State(tmp_path)).watch(["pods"]) as watch:
            assert await asyncio.to_thread(watch.existing) == []
            assert watches._open == 1
        await until(lambda: watches._open == 0)


async def test_the_client_reads_what_exists_and_the_changes_of_one_batch(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = Store()
    watches = Watches(store)
    store.put(config("one"))
    control = ControlServer({}, {"watch": watches.watch})

    def names(watch: Watch, count: int) -> list[str]:
        found = itertools.islice(watch, count)
        return [change["object"]["metadata"]["name"] for change in found]

    async with await control.start():
        with Client(State(tmp_path)).watch(["configmaps"]) as watch:
            existing = await asyncio.to_thread(watch.existing)
            store.put(config("two"))
            store.put(config("three"))
            assert [found["metadata"]["name"] for found in existing] == ["one"]
            assert await asyncio.to_thread(names, watch, 2) == ["two", "three"]
            with pytest.raises(TimeoutError):
                await asyncio.to_thread(next, watch.until(0))
