"""The terminal of `make up` shows reloads while its shell waits, and not within an editor."""

import os
import pty
import sys
from pathlib import Path

from eventually import poll
from integration.localkube.kit import command_of, processes_of, service
from integration.localkube.reloading import prepared, served

SHELL = """
import os, signal, subprocess, sys, time
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
watching = subprocess.Popen(sys.argv[3:], process_group=0)
def wait(name):
    while not os.path.exists(name): time.sleep(0.02)
wait(sys.argv[1])
editor = subprocess.Popen(["sleep", "600"], process_group=0)
os.tcsetpgrp(0, editor.pid)
print("editing", flush=True)
wait(sys.argv[2])
editor.kill()
os.tcsetpgrp(0, os.getpgrp())
print("closed", flush=True)
watching.wait()
"""


class Terminal:
    """What a terminal has shown so far."""

    def __init__(self, command: list[str]) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.execv(command[0], command)  # noqa: S606 - a shell of the test's own
        os.set_blocking(self._terminal, False)
        self._text = ""

    def shows(self, text: str) -> bool:
        try:
            self._text += os.read(self._terminal, 65536).decode()
        except OSError:  # nothing new, or the shell has ended
            return text in self._text
        return text in self._text

    def position(self, text: str) -> int:
        return self._text.index(text)

    def end(self) -> None:
        os.waitpid(self.pid, 0)
        os.close(self._terminal)


def was_read(state: Path, log: Path) -> bool:
    """Say whether the command has read all of the log."""
    for pid in processes_of(state):
        if "--at-prompt" in command_of(pid):
            for number in Path(f"/proc/{pid}/fd").iterdir():
                if number.resolve() == log.resolve():
                    position = Path(f"/proc/{pid}/fdinfo/{number.name}").read_text().split()[1]
                    return int(position) == log.stat().st_size
    return False


def test_lines_wait_until_the_shell_waits_for_a_command(tmp_path: Path) -> None:
    kube = prepared(tmp_path)
    assert kube.up(served("web", replicas=1), service(), options=("--watch",)).code == 0
    edit, close, log = tmp_path / "edit", tmp_path / "close", kube.state / "reload.log"
    watch = kube.command("watch", "--at-prompt")
    terminal = Terminal([sys.executable, "-c", SHELL, str(edit), str(close), *watch])

    def say(text: str) -> None:
        with log.open("a") as file:
            file.write(f"{text}\n")

    def said_and_shown() -> bool:
        say("at the prompt")  # again and again: it may not watch yet
        return terminal.shows("at the prompt")

    try:
        poll(said_and_shown)
        edit.touch()
        poll(lambda: terminal.shows("editing"))
        say("from the editor")
        poll(lambda: was_read(kube.state, log))
        close.touch()
        poll(lambda: terminal.shows("from the editor"))
        assert terminal.position("closed") < terminal.position("from the editor")
    finally:
        edit.touch()
        close.touch()
        kube.run("down", "--grace-period", "1")
        terminal.end()
