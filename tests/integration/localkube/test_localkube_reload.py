"""`up --watch`: a saved line is served without a failed request, a broken one is reported."""

import asyncio
import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from eventually import PATIENCE_S, poll
from integration.localkube.kit import Load, command_of, processes_of, service
from integration.localkube.reloading import Reloading, prepared, served


@pytest.fixture
def kube(tmp_path: Path) -> Iterator[Reloading]:
    kube = prepared(tmp_path)
    yield kube
    kube.run("down", "--grace-period", "1")
    assert processes_of(kube.state) == []


def up(kube: Reloading) -> set[str]:
    """Start the service `web`, and return its pods."""
    result = kube.up(served("web"), service(), options=("--watch",))
    assert result.code == 0, result.err
    return kube.names()


def logs_of(kube: Reloading, pods: set[str]) -> list[str]:
    return [kube.ok("logs", pod) for pod in pods]


@pytest.mark.anyio
async def test_a_saved_line_is_served_and_no_request_fails(kube: Reloading) -> None:
    before = up(kube)
    load, stop = Load(), asyncio.Event()
    running = asyncio.create_task(load.run(kube.address(), stop))

    for word in ("two", "six"):  # of one length, so that stale byte code would match
        kube.save(f"WORD = {word!r}\n")
        await asyncio.to_thread(kube.all_serve, word)
    stop.set()
    await running

    assert load.failures == []
    assert load.sent > 100
    assert not kube.names() & before
    assert "web: changed: services/web/src/words.py" in kube.reloads
    assert "web: 2 pods serve it" in kube.reported("2 pods")


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("# a comment\nWORD = = 'two'\n", 2, "SyntaxError: invalid syntax"),
        ("WORD = 'two'\n\nimport no_such_module\n", 3, "no module named 'no_such_module'"),
        ("WORD = '\0'\n", 1, "null bytes"),
        # As a service whose settings do not bind: one line, and no traceback.
        (
            "WORD = 'one'\nimport sys\nsys.exit('web: colour: Field required')\n",
            2,
            "Field required",
        ),
    ],
)
def test_a_broken_line_leaves_the_old_pods_serving(
    kube: Reloading, text: str, line: int, reason: str
) -> None:
    before = up(kube)
    kube.save(text)

    said = kube.reported("web: the previous version keeps serving")
    place = f"services/web/src/words.py:{line}: "
    assert place in said
    assert reason.lower() in said.lower()
    kube.all_serve("one")
    assert poll(lambda: kube.names() == before)
    for log in logs_of(kube, before):
        assert place in json.loads(log.splitlines()[-1])["message"]
    events = {event["reason"]: event["message"] for event in kube.objects("events")}
    assert place in events["ReloadFailed"]

    kube.save("WORD = 'two'\n")
    kube.all_serve("two")


def test_a_save_of_the_same_size_in_the_same_second_is_served(kube: Reloading) -> None:
    """Python compares no more of a source with its byte code."""
    up(kube)
    path = kube.source() / "words.py"
    before = path.stat()
    staged = path.with_name("staged~")
    staged.write_text("WORD = 'two'\n")
    os.utime(staged, ns=(before.st_atime_ns, before.st_mtime_ns))
    staged.replace(path)

    kube.all_serve("two")


def test_a_version_without_the_broken_line_is_the_one_that_runs(kube: Reloading) -> None:
    before = up(kube)
    kube.save("WORD = nothing\n")
    kube.reported("the previous version keeps serving")
    kube.save("WORD = 'one'\n")

    kube.reported("web: serves the saved sources, as before")
    assert poll(lambda: kube.names() == before)


def test_a_save_during_a_rollout_replaces_the_version_that_starts(kube: Reloading) -> None:
    up(kube)
    os.mkfifo(kube.directory / "held")
    kube.save(f"WORD = open({str(kube.directory / 'held')!r}).read()\n")
    poll(lambda: len(kube.names()) == 3)  # two that serve and one that waits for the fifo
    kube.save("WORD = 'six'\n")

    kube.all_serve("six")
    assert poll(lambda: len(kube.names()) == 2)
    assert "keeps serving" not in kube.reloads


def test_files_saved_together_are_one_change(kube: Reloading) -> None:
    up(kube)
    (engine,) = (p for p in processes_of(kube.state) if "localkube.engine.daemon" in command_of(p))
    os.kill(engine, signal.SIGSTOP)  # a busy machine may take long to save them
    for number in range(200):
        (kube.source() / f"part_{number}.py").write_text(f"PART = {number}\n")
    kube.save("from part_199 import PART\nWORD = str(PART)\n")
    os.kill(engine, signal.SIGCONT)

    kube.all_serve("199")
    assert kube.reloads.count("changed:") == 1
    assert "and 200 more" in kube.reloads


def test_a_removed_file_that_is_needed_is_reported(kube: Reloading) -> None:
    before = up(kube)
    kube.shared.unlink()
    assert "No module named 'shared'" in kube.reported("keeps serving")
    assert "libs/shared/src/shared.py:1: " in kube.reloads
    assert poll(lambda: kube.names() == before)


@pytest.mark.parametrize("folder", ["services/web/src", "services/web", "services", "libs/shared"])
def test_a_folder_may_be_removed_and_return(kube: Reloading, folder: str) -> None:
    before = up(kube)
    place, aside = kube.directory / folder, kube.directory / "aside"
    place.rename(aside)
    kube.reported("keeps serving")
    aside.rename(place)
    kube.reported("as before")
    assert poll(lambda: kube.names() == before)

    kube.save("WORD = 'two'\n")
    kube.all_serve("two")


def test_a_shared_line_reloads_every_service_and_others_none(kube: Reloading) -> None:
    kube.make("other", "six")
    result = kube.up(
        served("web"), service(), served("other"), service("other"), options=("--watch",)
    )
    assert result.code == 0, result.err
    (kube.directory / "libs/engine/src").mkdir(parents=True)
    (kube.directory / "libs/engine/src/engine.py").write_text("no part of any image")
    (kube.source() / "words.py.swp").write_text("an editor's")
    kube.save("WORD = 'two'\n")
    kube.all_serve("two")
    assert "other" not in kube.reloads

    kube.shared.write_text("MARK = '!'\n")
    kube.all_serve("two!")
    kube.all_serve("six!", "other")


def test_a_service_made_later_is_watched(kube: Reloading) -> None:
    up(kube)
    kube.make("late", "one")
    kube.write(served("late"), service("late"))
    kube.ok("apply", "-f", str(kube.manifests))
    kube.all_serve("one", "late")

    kube.save("WORD = 'two'\n", "late")
    kube.all_serve("two", "late")
    kube.all_serve("one", "web")


def test_a_program_without_sources_of_its_own_is_not_reloaded(kube: Reloading) -> None:
    """One in another language shares no folder with the others."""
    kube.make("other", "six")
    kube.up(served("web"), service(), served("other", image="elsewhere:1"), options=("--watch",))
    kube.shared.write_text("MARK = '!'\n")
    kube.all_serve("one!")
    assert "other" not in kube.reloads


def test_reloads_are_printed_until_localkube_ends(kube: Reloading) -> None:
    up(kube)
    kube.save("WORD = = 1\n")
    kube.reported("keeps serving")
    with subprocess.Popen(
        kube.command("watch"), stdout=subprocess.PIPE, text=True, env=kube.environment()
    ) as watching:
        assert watching.stdout is not None
        assert "services/web/src/words.py:1: SyntaxError" in watching.stdout.readline()
        assert "web: the previous version keeps serving" in watching.stdout.readline()

        kube.save("WORD = 'two'\n")
        assert "web: changed:" in watching.stdout.readline()
        kube.ok("down", "--grace-period", "1")
        assert watching.wait(timeout=PATIENCE_S) == 0


def test_without_the_option_no_source_is_watched(kube: Reloading) -> None:
    kube.up(served("web"), service())
    result = kube.run("watch")
    assert result.code == 1
    assert result.err.startswith("localkube: no sources are watched")
