"""docs/edit-and-reload.md, "What blocks": a callback that blocks the event loop is in the log."""

import json
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from integration.chassis_server.service_process import OPEN, ServiceProcess, spawn

SOURCE = Path(__file__).with_name("blocking_service.py")
WAS, IS = "the event loop was blocked", "the event loop is blocked"


@contextmanager
def blocking_service(*flags: str) -> Iterator[ServiceProcess]:
    with spawn(*OPEN, "--server.drain-wait=0", *flags, command=(str(SOURCE),)) as process:
        service = ServiceProcess(process)
        with service.open:
            service.started()
            yield service


@pytest.fixture(scope="module")
def service() -> Iterator[ServiceProcess]:
    with blocking_service("--profiles=dev") as running:
        yield running


def place(function: str) -> str:
    """Return the place of the line that has a mark."""
    lines = SOURCE.read_text().splitlines()
    number = next(at for at, line in enumerate(lines, 1) if line.endswith(f"# line: {function}"))
    return f"{SOURCE}:{number} in {function}"


def blocked(service: ServiceProcess, path: str) -> dict[str, Any]:
    """Return the line of the watchdog; on a busy machine the loop may not have gone on yet."""
    assert service.get(path).status == 200
    assert service.process.stdout is not None
    for text in service.process.stdout:
        line: dict[str, Any] = json.loads(text)
        service.lines.append(line)
        if line["message"] in (WAS, IS):
            return line
    raise AssertionError(service.lines)


@pytest.mark.parametrize("path", ["/sleeps", "/holds-the-lock"])
def test_a_blocking_handler_is_logged_with_its_line(service: ServiceProcess, path: str) -> None:
    line = blocked(service, path)

    assert line["place"] == place(path.strip("/").replace("-", "_"))
    assert line["ms"] > 100
    assert (line["level"], line["logger"]) == ("warning", "chassis.watchdog")


def test_a_loop_of_python_is_logged_with_a_line_of_its_function(service: ServiceProcess) -> None:
    line = blocked(service, "/computes")

    assert re.fullmatch(rf"{SOURCE}:\d+ in computes", line["place"])


def test_a_blocking_dependency_is_logged_by_the_services_line(service: ServiceProcess) -> None:
    line = blocked(service, "/depends")

    assert line["place"] == place("blocking_dependency")
    assert "subprocess.py" in line["inside"]


def test_idle_and_awaiting_are_not_logged_and_a_place_is_once() -> None:
    with blocking_service("--profiles=dev") as service:
        for path in ("/awaits", "/many-short-callbacks"):
            assert service.get(path).status == 200
        blocked(service, "/sleeps")
        assert service.get("/sleeps").status == 200
        blocked(service, "/holds-the-lock")
        service.signal()
        assert service.ended() == 0

    logged = [line["place"] for line in service.lines if line["logger"] == "chassis.watchdog"]
    assert logged == [place("sleeps"), place("holds_the_lock")]


def test_a_callback_that_never_ends_is_logged_while_it_blocks() -> None:
    with blocking_service("--profiles=dev") as service:
        connection = service.connect()
        connection.request("GET", "/never-ends")
        line = service.until(IS)
        service.signal(signal.SIGKILL)

    assert line["place"] == place("never_ends")


@pytest.mark.parametrize("profiles", ["prod", "test", "dev,prod"])
def test_other_profiles_have_no_watchdog(profiles: str) -> None:
    with blocking_service(f"--profiles={profiles}") as service:
        assert service.get("/sleeps").status == 200
        response = service.connect()
        response.request("GET", "/is-watched")
        assert response.getresponse().read() == b"false"
        service.signal()
        assert service.ended() == 0

    assert "chassis.watchdog" not in {line["logger"] for line in service.lines}
