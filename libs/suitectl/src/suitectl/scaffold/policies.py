"""What network policies say about a service: taken out of the policies of others."""

import re

from suitectl.scaffold.blocks import end_of, indent

_DOCUMENT = re.compile(r"^---\n", re.MULTILINE)
_SELECTED = r"^  podSelector:\n    matchLabels:\n      app: {}\n"


def without_peer(text: str, app: str) -> str:
    """Return policies without the peers that are a service's pods, and without policies for them.

    A rule without peers would admit everybody, and so it goes with its last one.
    """
    selected = re.compile(_SELECTED.format(re.escape(app)), re.MULTILINE)
    documents = [one for one in _DOCUMENT.split(text) if not selected.search(one)]
    return "---\n".join(_without_peers(one, app) for one in documents)


def _without_peers(document: str, app: str) -> str:
    lines = document.splitlines(keepends=True)
    peer = re.compile(rf"^ {{10,}}app: {re.escape(app)}\n")
    while (at := next((n for n, line in enumerate(lines) if peer.match(line)), None)) is not None:
        start = _item_around(lines, at)
        depth = indent(lines[start])
        del lines[start : end_of(lines, start)]
        if start == len(lines) or indent(lines[start]) < depth:
            _without_empty_rule(lines, start - 1)
    return "".join(lines)


def _without_empty_rule(lines: list[str], above: int) -> None:
    """Remove a rule whose `to` or `from` lost its last peer."""
    if re.match(r" *- (to|from):\n", lines[above]):
        del lines[above : end_of(lines, above)]


def _item_around(lines: list[str], at: int) -> int:
    """Return the start of the innermost list item around a line."""
    depth = indent(lines[at])
    for above in range(at - 1, -1, -1):
        if indent(lines[above]) < depth:
            depth = indent(lines[above])
            if lines[above].lstrip().startswith("- "):
                return above
    raise ValueError(f"line {at + 1} is in no list")
