"""What cas-server's own commands print: hashes and keys."""

import sys
from pathlib import Path

from suitectl.shell import output

_WITHIN_S = 30


async def printed(*command: str, stdin: str = "") -> str:
    """Run a command of cas-server; a secret goes through standard input.

    Raises `CommandFailedError`.
    """
    program = Path(sys.executable).with_name("cas-server")
    return (await output((str(program), *command), seconds=_WITHIN_S, stdin=stdin)).strip()
