"""`python -m localkube.run_step TEXT -- COMMAND`: a command as one step, for `setup`.

Its last line is the step's detail, and its output is printed where it fails. It needs the standard
library alone, because it runs before any package is installed.
"""

import os
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Sequence

from localkube.progress import step

_LAST_LINES = 40
_ENDS_WITHIN_S = 10.0


def main(arguments: Sequence[str]) -> int:
    """Run a command as one step; return its exit code."""
    text, _, *command = arguments
    lines: deque[str] = deque(maxlen=_LAST_LINES)
    try:
        with step(text) as say:
            _run(command, lines, say)
    except subprocess.CalledProcessError as error:
        sys.stderr.writelines(lines)
        return abs(error.returncode)
    except KeyboardInterrupt:
        return 130
    return 0


def _run(command: Sequence[str], lines: deque[str], say: Callable[[str], None]) -> None:
    """Run a command, with its last line as the step's detail; raise `CalledProcessError`."""
    text = ""
    with subprocess.Popen(  # noqa: S603 - the words are setup's
        command,
        # PYTHONPATH led here, and is not the command's.
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None  # noqa: S101 - for the type checker
        try:
            for line in process.stdout:
                lines.append(line)
                text = line.strip() or text
                say(text)
            process.wait()
        except BaseException:
            _end(process)
            raise
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)


def _end(process: "subprocess.Popen[str]") -> None:
    """Await a command that Ctrl-C has reached as well, and kill one that stays."""
    try:
        process.wait(_ENDS_WITHIN_S)
    except (subprocess.TimeoutExpired, KeyboardInterrupt):
        process.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
