"""Renders the committed template with copier, so that an update knows from where it starts."""

import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from suitectl.errors import CommandFailedError
from suitectl.root import ROOT
from suitectl.shell import output

_SECONDS = 120


async def render(answers: Mapping[str, Any]) -> None:
    """Write the files of a new service; raise `CommandFailedError`."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as data:
        data.write(yaml.safe_dump(dict(answers)))
        data.flush()
        options = ("--quiet", "--defaults", f"--data-file={data.name}")
        version = ("--vcs-ref", await _version())
        # The same place as source and destination, so that every clone can update.
        await _run("copier", "copy", *options, *version, ".", ".")


async def tidy(*folders: Path) -> None:
    """Sort the imports and wrap the lines as the name of the service asks for."""
    existing = [str(folder) for folder in folders]
    sorting = ("--select=I", "--fix", "--output-format=concise")
    await _run("ruff", "check", "--quiet", *sorting, *existing)
    await _run("ruff", "format", "--quiet", *existing)


async def _version() -> str:
    try:
        return (await output(("git", "-C", str(ROOT), "rev-parse", "HEAD"), seconds=30)).strip()
    except CommandFailedError:
        raise CommandFailedError(f"{ROOT} has no commit; the template is read from git") from None


async def _run(program: str, *arguments: str) -> None:
    path = Path(sys.executable).with_name(program)
    if not path.exists():
        raise CommandFailedError(f"{program} is not installed: make dev")
    command = ("env", "-C", str(ROOT), str(path), *arguments)
    await output(command, seconds=_SECONDS, shown=program)
