"""Show lines: coloured by pod on a terminal, as JSON for a program."""

import itertools
import json
import sys
from collections.abc import Callable

from rich.text import Text

from suitectl.logs.filters import LEVELS, severity
from suitectl.logs.line import Line
from suitectl.platform.pod import Pod
from suitectl.terminal import console

_COLOURS = ("cyan", "green", "magenta", "blue", "yellow", "bright_cyan", "bright_green")
_COLUMNS = {"ts", "level", "logger", "service", "message", "trace_id", "span_id", "exception"}
"""Fields with a place of their own; the others follow the message."""
_SHORT_TRACE = 8
_TIME = slice(11, 23)
# A log may contain anything; what would control the terminal is shown as a picture of it.
_CONTROLS: dict[int, int | str] = {code: 0x2400 + code for code in range(32)}
_CONTROLS |= dict.fromkeys(range(127, 160), "\N{REPLACEMENT CHARACTER}")


def display() -> Callable[[Line], None]:
    """Return what shows a line, as standard output is a terminal or not."""
    return _Terminal().show if sys.stdout.isatty() else _show_json


def _show_json(line: Line) -> None:
    place = {"pod": line.pod.name, "namespace": line.pod.namespace, "container": line.container}
    sys.stdout.write(json.dumps(place | dict(line.record) | place, ensure_ascii=False) + "\n")
    sys.stdout.flush()


class _Terminal:
    """Colours lines by pod, in columns whose width grows with the names."""

    def __init__(self) -> None:
        self._out = console()
        self._free = itertools.cycle(_COLOURS)
        self._colours: dict[str, str] = {}
        self._width = 0

    def show(self, line: Line) -> None:
        """Print a line, and below it its exception."""
        colour = self._colours.setdefault(line.pod.name, "")
        if not colour:
            colour = self._colours[line.pod.name] = next(self._free)
        name = _short_name(line.pod)
        self._width = max(self._width, len(name))
        text = Text()
        if line.time:
            text.append(f"{_plain(line.time[_TIME])} ", style="dim")
        text.append(f"{name:{self._width}} ", style=colour)
        text.append_text(_message(line))
        self._out.print(text, soft_wrap=True)
        for below in str(line.record.get("exception", "")).splitlines():
            self._out.print(Text(f"  {_plain(below)}", style="dim"), soft_wrap=True)


def _message(line: Line) -> Text:
    text = Text()
    if "level" in line.record:
        text.append(f"{_plain(line.level):7} ", style=_style(line.level))
    if logger := line.record.get("logger"):
        text.append(f"{_plain(str(logger))}: ", style="dim")
    text.append(_plain(str(line.record.get("message", ""))))
    for name, value in line.record.items():
        if name not in _COLUMNS:
            shown = value if isinstance(value, str) else json.dumps(value)
            text.append(f" {_plain(name)}={_plain(shown)}", style="dim")
    if line.trace_id:
        text.append(f" trace={_plain(line.trace_id[:_SHORT_TRACE])}", style="dim")
    return text


def _style(level: str) -> str:
    if severity(level) >= LEVELS["error"]:
        return "bold red"
    return "yellow" if severity(level) >= LEVELS["warning"] else "dim"


def _short_name(pod: Pod) -> str:
    """Return a name that fits: the label `app`, the version, and the end of the pod's name."""
    app, version = pod.labels.get("app"), pod.labels.get("version")
    if not app:
        return pod.name
    return "-".join(filter(None, (app, version))) + "/" + pod.name.rpartition("-")[2]


def _plain(text: str) -> str:
    return text.translate(_CONTROLS)
