"""Reconciling: mark, run once, retry with back-off."""

import asyncio

import pytest

from eventually import PATIENCE_S
from localkube.api.objects import Object, Ref
from localkube.engine.controller import Controller
from localkube.engine.store import Store

pytestmark = pytest.mark.anyio


def config_map(name: str, value: str) -> Object:
    return {"kind": "ConfigMap", "metadata": {"name": name, "namespace": "a"}, "data": {"k": value}}


async def test_changes_of_one_turn_are_reconciled_once_per_key() -> None:
    store, reconciled = Store(), []
    Controller(store, lambda ref: [ref], lambda key: reconciled.append(key.name))

    for name, value in [("x", "1"), ("y", "1"), ("x", "2")]:
        store.put(config_map(name, value))
    assert reconciled == []
    await asyncio.sleep(0)

    assert reconciled == ["x", "y"]


async def test_a_failed_key_is_retried_and_stops_no_other(
    capsys: pytest.CaptureFixture[str],
) -> None:
    attempts: list[str] = []
    retried = asyncio.Event()

    def reconcile(key: Ref) -> None:
        attempts.append(key.name)
        if attempts == ["x"]:
            raise OSError("no space left on device")
        if attempts.count("x") > 1:
            retried.set()

    controller = Controller(Store(), lambda _: (), reconcile)
    for name in ("x", "y"):
        controller.mark(Ref("Pod", "a", name))
    async with asyncio.timeout(PATIENCE_S):
        await retried.wait()

    assert attempts == ["x", "y", "x"]
    assert "no space left on device" in capsys.readouterr().err


async def test_a_stopped_controller_reconciles_nothing() -> None:
    reconciled: list[Ref] = []
    controller = Controller(Store(), lambda _: (), reconciled.append)
    controller.mark(Ref("Pod", "a", "x"))
    controller.stop()
    await asyncio.sleep(0)

    assert reconciled == []
