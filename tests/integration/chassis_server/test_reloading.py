"""`--reload`: saved changes are served, errors are recoverable, and the watcher survives."""

import os
import signal
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

import chassis.serving.reloading
from eventually import PATIENCE_S
from integration.chassis_server.service_process import OPEN, ServiceProcess, spawn

APP = """\
import sys
from fastapi import APIRouter
import chassis
from chassis import ServiceSettings, run_service
from greeter.words import WORD

router = APIRouter()

@router.get("/word")
async def word() -> str:
    return WORD

def create_app(live):
    return chassis.create_app(live, title="greeter", version="1", routers=[router])

if __name__ == "__main__":
    sys.exit(run_service("greeter", ServiceSettings, create_app))
"""
FLAG = ("-m", "greeter", "--reload")
"""Started as on a developer's machine."""
WATCHER = ("-P", chassis.serving.reloading.__file__, sys.executable, "-m", "greeter")
"""Started as in an image, where the watcher starts without importing the service."""


@dataclass
class Greeter(ServiceProcess):
    """A service run by the watcher, and its source file."""

    folder: Path = Path()

    def save(self, text: str) -> None:
        (self.folder / "words.py").write_text(text)

    def error_line(self, part: str) -> str:
        """Read standard error up to a line that contains this text."""
        assert self.process.stderr is not None
        for line in self.process.stderr:
            if part in line:
                return line
        raise AssertionError(f"no output contains {part!r}")

    def word(self) -> str:
        self.started()
        return self.greeting()

    def greeting(self) -> str:
        connection = self.connect()
        connection.request("GET", "/word")
        return connection.getresponse().read().decode().strip('"')


@contextmanager
def greeter(
    folder: Path,
    word: str = "WORD = 'one'\n",
    *,
    command: Sequence[str] = WATCHER,
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Greeter]:
    package = folder / "source" / "greeter"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "__main__.py").write_text(APP)
    (package / "words.py").write_text(word)
    path = {"PYTHONPATH": str(package.parent), **(environ or {})}
    with spawn(*OPEN, command=command, config=config, environ=path) as process:
        service = Greeter(process, folder=package)
        with service.open:
            try:
                yield service
            finally:
                end(service)


def end(service: Greeter) -> None:
    """Kill the watcher and its service, which would survive a SIGKILL of the watcher alone."""
    if service.process.poll() is None:
        service.signal()
        service.signal(signal.SIGINT)
        service.ended()


@pytest.mark.parametrize("command", [FLAG, WATCHER])
def test_a_saved_line_is_served(tmp_path: Path, command: Sequence[str]) -> None:
    with greeter(tmp_path, command=command) as service:
        assert service.word() == "one"
        for word in ("two", "six"):  # of equal length, so that stale byte code would match
            service.save(f"WORD = {word!r}\n")
            assert service.word() == word
        assert service.process.poll() is None


def test_stale_byte_code_of_the_same_second_and_length_is_not_used(
    tmp_path: Path,
) -> None:
    """The process that becomes the watcher has compiled the previous line."""
    with greeter(tmp_path, command=FLAG, environ={"PYTHONDONTWRITEBYTECODE": ""}) as service:
        assert service.word() == "one"
        assert list((service.folder / "__pycache__").glob("words.*"))
        source, saved = service.folder / "words.py", tmp_path / "saved"
        saved.write_text("WORD = 'two'\n")
        times = source.stat()
        os.utime(saved, ns=(times.st_atime_ns, times.st_mtime_ns))
        saved.replace(source)
        assert service.word() == "two"


def test_files_saved_together_are_one_change(tmp_path: Path) -> None:
    with greeter(tmp_path) as service:
        service.started()
        service.signal(signal.SIGSTOP)  # a busy machine may take long to save them
        for number in range(20):
            (service.folder / f"part_{number}.py").write_text(f"PART = {number}\n")
        service.save("from greeter.part_19 import PART\nWORD = str(PART)\n")
        service.signal(signal.SIGCONT)
        assert service.word() == "19"
        end(service)

    assert service.messages().count("started") == 2


def test_a_syntax_error_leaves_the_previous_version_serving(tmp_path: Path) -> None:
    with greeter(tmp_path) as service:
        service.started()
        service.save("# a comment\nWORD = = 'two'\n")
        assert f"{service.folder}/words.py:2: invalid syntax" in service.error_line("words.py:")
        assert service.greeting() == "one"
        service.save("WORD = 'two'\n")
        assert service.word() == "two"


def test_the_next_version_replaces_one_that_fails_to_start(tmp_path: Path) -> None:
    with greeter(tmp_path) as service:
        service.started()
        service.save("# a comment\nWORD = nothing\n")
        assert f'{service.folder}/words.py", line 2' in service.error_line('words.py"')
        assert "exit code 1" in service.error_line("waiting for the next change")
        service.save("WORD = 'two'\n")
        assert service.word() == "two"


def test_the_next_version_replaces_a_first_one_that_fails_to_start(tmp_path: Path) -> None:
    with greeter(tmp_path, "WORD = = 'one'\n") as service:
        service.error_line("waiting for the next change")
        service.save("WORD = 'two'\n")
        assert service.word() == "two"


def test_a_corrected_mount_starts_the_service_after_an_invalid_configuration(
    tmp_path: Path,
) -> None:
    mount = tmp_path / "config"
    mount.mkdir()
    (mount / "application.yaml").write_text("server: {shutdown: never}\n")
    with greeter(tmp_path, config=mount) as service:
        assert "exit code 2" in service.error_line("waiting for the next change")
        (mount / "application.yaml").write_text("server: {shutdown: immediate}\n")
        assert service.word() == "one"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains_the_service_and_its_exit_code_is_passed_on(
    tmp_path: Path, number: int
) -> None:
    mount = tmp_path / "config"
    mount.mkdir()
    (mount / "application.yaml").write_text("server: {drain-wait: 1h}\n")
    with greeter(tmp_path, config=mount) as service:
        service.started()
        service.signal(number)
        service.until("draining")
        assert service.greeting() == "one"
        service.signal(number)
        assert service.ended() == 0
        assert service.messages()[-1] == "stopped"


def test_a_signal_ends_the_wait_for_a_change(tmp_path: Path) -> None:
    with greeter(tmp_path, "WORD = nothing\n") as service:
        service.error_line("waiting for the next change")
        service.signal()
        assert service.ended() == 1


def test_processes_that_a_version_started_end_with_it(tmp_path: Path) -> None:
    """A debugger's helper process would otherwise occupy its port."""
    os.mkfifo(tmp_path / "held")
    holding = (
        "import os, subprocess\n"
        "with open(os.environ['HELD'], 'w') as held:\n"
        "    subprocess.Popen(['sleep', '600'], stdin=held, start_new_session=True)\n"
        "WORD = 'one'\n"
    )
    environ = {"HELD": str(tmp_path / "held")}
    with greeter(tmp_path, holding, environ=environ) as service, (tmp_path / "held").open() as held:
        service.started()
        service.save("WORD = 'two'\n")
        assert held.read() == ""  # end of file: no process holds it any more
        assert service.word() == "two"


def test_the_flag_under_prod_is_one_line_and_exit_code_2(tmp_path: Path) -> None:
    with greeter(tmp_path, command=FLAG, environ={"PROFILES_ACTIVE": "prod"}) as service:
        _, stderr = service.process.communicate(timeout=PATIENCE_S)

    assert service.process.returncode == 2
    assert len(stderr.splitlines()) == 1
    assert "--reload" in stderr


def test_no_version_starts_under_prod(tmp_path: Path) -> None:
    environ = {"PROFILES_ACTIVE": "prod"}
    with greeter(tmp_path, environ=environ) as service:
        assert "refused under the profile prod" in service.error_line("--reload")
        assert "exit code 2" in service.error_line("waiting for the next change")


def test_a_plain_start_does_not_import_the_watcher() -> None:
    with spawn(*OPEN, environ={"PYTHONPROFILEIMPORTTIME": "1"}) as process:
        service = ServiceProcess(process)
        service.started()
        service.signal()
        service.signal(signal.SIGINT)
        _, imported = process.communicate(timeout=PATIENCE_S)
    assert "chassis.serving.server" in imported
    assert chassis.serving.reloading.__name__ not in imported
