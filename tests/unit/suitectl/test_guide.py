"""`make up` prints at most 25 lines of 80 columns, however many services there are."""

import re
from typing import Any

import pytest

from suitectl import catalogue, guide
from suitectl.catalogue import Service, services
from suitectl.errors import CommandFailedError
from suitectl.platform.localkube import Localkube
from suitectl.reporter import Reporter

pytestmark = pytest.mark.anyio


class Addresses(Localkube):
    """A suite whose Services have addresses, but for those that do not run."""

    def __init__(self, *missing: str) -> None:
        super().__init__()
        self._missing = missing

    async def url(self, service: str, namespace: str) -> str:
        if service in self._missing:
            raise CommandFailedError(f"{namespace} has no {service}")
        return "http://127.255.128.254:20000"


def _service(name: str, **annotations: str) -> Service:
    metadata: dict[str, Any] = {"name": f"{name}-service", "namespace": "ns"}
    labels = {"suite/service": "true", "suite/api": "true"}
    return Service(
        name,
        (
            {"kind": "Service", "metadata": metadata | {"annotations": annotations}},
            {"kind": "Deployment", "metadata": metadata | {"labels": labels}},
        ),
    )


async def _printed(platform: Localkube, capsys: pytest.CaptureFixture[str]) -> list[str]:
    await guide.guide(platform, Reporter())
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) <= guide.LINES
    assert max(map(len, lines)) <= guide.WIDTH
    return lines


async def test_services_come_first_and_three_things_to_try_after_them(
    capsys: pytest.CaptureFixture[str],
) -> None:
    lines = await _printed(Addresses(), capsys)
    names = [line.split()[0] for line in lines if "http://" in line]
    assert names == list(services())
    tried = [line.strip() for line in lines if line.startswith("  make ")]
    assert tried == list(guide.things_to_try())[:3]
    assert lines.index(f"  {tried[0]}") > lines.index(next(x for x in lines if names[-1] in x))


@pytest.mark.parametrize(
    ("outside", "names", "command"),
    [
        ("b", "ab", "make call PATH=/api/me USER=alice"),
        ("", "a", "make call PATH=/api/me USER=alice"),
        ("", "ab", "make call SERVICE=a PATH=/api/me USER=alice"),
    ],
)
async def test_what_it_says_to_call_is_found_by_make_call(
    monkeypatch: pytest.MonkeyPatch, outside: str, names: str, command: str
) -> None:
    made = {name: _service(name) for name in names}
    if outside:
        made[outside].main["metadata"]["labels"] = {"suite/node-port": "true"}
    monkeypatch.setattr(catalogue, "services", lambda: made)
    assert guide.things_to_try()[0] == command
    named = re.search(r"SERVICE=(\S+)", command)
    assert catalogue.called_service(named[1] if named else None) is made[outside or "a"]


async def test_what_it_says_to_call_is_a_protected_path(monkeypatch: pytest.MonkeyPatch) -> None:
    made = {"a": _service("a", **{catalogue.PROTECTED_PATH: "/api/detail"})}
    monkeypatch.setattr(catalogue, "services", lambda: made)
    assert guide.things_to_try()[0] == "make call PATH=/api/detail USER=alice"


@pytest.mark.parametrize("count", [1, 12, 13, 14, 60])
async def test_many_services_fit(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    path = "/a/path/that/is/longer/than/what/is/left"
    found = {f"s{n:02}-{'x' * 20}": path for n in range(count)}
    made = {name: _service(name, **{"suite/try": path}) for name, path in found.items()}
    monkeypatch.setattr(guide, "services", lambda: made)
    lines = await _printed(Addresses(), capsys)
    shown = sum("http://" in line for line in lines)
    hidden = [line for line in lines if "more: ./localkube" in line]
    assert shown + (int(hidden[0].split()[1]) if hidden else 0) == count


async def test_a_service_made_after_the_start_is_shown_as_not_running(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guide, "services", lambda: {"orders": _service("orders")})
    lines = await _printed(Addresses("orders-service"), capsys)
    assert "  orders  not running: make down, make up" in lines
