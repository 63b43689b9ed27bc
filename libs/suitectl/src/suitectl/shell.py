"""Programs beside the platform's client: docker, kind, a command of the user's own."""

import asyncio
import os
import shlex
from collections.abc import Mapping, Sequence

from suitectl.errors import CommandFailedError
from suitectl.platform.platform import end
from suitectl.platform.stderr_summary import one_line


async def output(
    command: Sequence[str],
    *,
    seconds: float,
    environment: Mapping[str, str] | None = None,
    stdin: str = "",
) -> str:
    """Run a command and return what it printed; raise `CommandFailedError`, saying why."""
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=os.environ | (environment or {}),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
    except OSError as error:
        raise CommandFailedError(f"{command[0]}: {error.strerror}") from None
    try:
        async with asyncio.timeout(seconds):
            out, err = await process.communicate(stdin.encode())
    except TimeoutError:
        raise CommandFailedError(f"{shlex.join(command)}: took over {seconds:g} s") from None
    finally:
        await end(process)
    if process.returncode:
        reason = one_line(err.decode() or out.decode())
        raise CommandFailedError(f"{shlex.join(command)}: {reason}")
    return out.decode()
