"""A swap of mounted files is followed by the service's own watch before the call returns."""

from pathlib import Path

import pytest

from chassis.config import ConfigError
from chassis.testing import ConfigDirectory, Serve, as_user
from unit.chassis.testing.sample import create_app

pytestmark = pytest.mark.anyio

ALICE = as_user("alice", scopes="read")


def files(warehouse: str) -> dict[str, str]:
    return {"application.yaml": f"stock: {{warehouse: {warehouse}}}\n"}


async def test_each_swap_is_served_at_once(serve: Serve) -> None:
    orders = await serve(create_app, config=files("north"))
    for warehouse in ("south", "south", "west", "north"):
        await orders.reconfigure(files(warehouse))
        response = await orders.get("/api/me", auth=ALICE)
        assert response.json()["warehouse"] == warehouse


async def test_a_broken_edit_is_an_error_and_changes_nothing(serve: Serve) -> None:
    orders = await serve(create_app, config=files("north"))
    for broken in ("[}", "{a: b}", "[}"):
        with pytest.raises(ConfigError, match=r"application\.yaml:1"):
            await orders.reconfigure(files(broken))
        assert orders.live.settings.stock.warehouse == "north"
        await orders.reconfigure(files("north"))


async def test_a_secret_is_swapped_beside_the_configuration(serve: Serve, tmp_path: Path) -> None:
    secrets = ConfigDirectory(tmp_path / "secrets", {"stock.warehouse": "hidden"})
    orders = await serve(create_app, config=files("north"), secrets=secrets)
    await orders.reconfigure(secrets={"stock.warehouse": "deeper"})
    assert orders.live.settings.stock.warehouse == "deeper"


async def test_an_edit_that_waits_for_a_restart_returns_too(serve: Serve) -> None:
    strategy = "spring.cloud.kubernetes.reload.strategy: none\n"
    orders = await serve(create_app, config={"application.yaml": strategy})
    await orders.reconfigure({"application.yaml": f"{strategy}stock.warehouse: later\n"})
    assert orders.live.settings.stock.warehouse == "north"
    assert orders.live.status.restart_required


async def test_without_a_mount_there_is_nothing_to_swap(serve: Serve) -> None:
    orders = await serve(create_app)
    with pytest.raises(ValueError, match="config="):
        await orders.reconfigure(files("south"))
