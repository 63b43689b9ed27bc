"""Why a version does not start: file, line and reason, from its source or from its log."""

import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FRAME = re.compile(r'File "([^"\n]+)", line (\d+)')
LONGEST_REASON = 300


@dataclass(frozen=True, slots=True)
class Problem:
    """A line that keeps a version from starting."""

    path: Path
    line: int
    reason: str


def syntax_problems(files: Iterable[tuple[Path, bytes]]) -> list[Problem]:
    """Compile Python files, and return those that do not compile."""
    return [found for path, text in files if path.suffix == ".py" for found in _compile(path, text)]


def _compile(path: Path, text: bytes) -> Iterator[Problem]:
    try:
        compile(text, path, "exec", dont_inherit=True)
    except SyntaxError as error:
        yield Problem(path, error.lineno or 1, f"{type(error).__name__}: {error.msg}")
    except (ValueError, RecursionError, MemoryError) as error:  # null bytes, too deep
        yield Problem(path, 1, f"{type(error).__name__}: {error}")


def problem_in_log(log: str, sources: Collection[Path]) -> tuple[Path | None, int, str]:
    """Return the last frame of a log's tracebacks that is in `sources`, and the log's last line.

    The path is None where there is no such frame.
    """
    lines = [line for text in log.splitlines() for line in _readable(text)]
    frames = [(Path(found[1]), int(found[2])) for found in _FRAME.finditer("\n".join(lines))]
    known = [frame for frame in frames if frame[0] in sources]
    path, number = known[-1] if known else (None, 1)
    said = [line.strip() for line in lines if line.strip()]
    return path, number, said[-1][:LONGEST_REASON] if said else "it ended without a word"


def _readable(text: str) -> list[str]:
    """Return the lines of a log line, which is JSON or plain."""
    try:
        fields: Any = json.loads(text)
    except ValueError:
        return [text]
    if not isinstance(fields, dict):
        return [text]
    # The traceback after the message, so that its last line is the reason.
    parts = [fields.get("message"), fields.get("exception")]
    return [line for part in parts if isinstance(part, str) for line in part.splitlines()]
