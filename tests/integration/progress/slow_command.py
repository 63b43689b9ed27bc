"""MODULE NAME COMMAND…: a command of suitectl in which one function waits at the test's gate."""

import asyncio
import importlib
import os
import sys
from typing import Any

from suitectl.__main__ import main


async def _slow(*_: Any, **__: Any) -> Any:
    await asyncio.to_thread(_wait)
    return ""


def _wait() -> None:
    with open(os.environ["GATE"], encoding="utf-8") as gate:  # noqa: PTH123 - it blocks
        gate.read(1)


if __name__ == "__main__":
    module, name, *command = sys.argv[1:]
    setattr(importlib.import_module(module), name, _slow)
    sys.exit(main(command))
