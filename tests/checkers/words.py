"""`make lint`: words that the suite no longer uses; docs/design/words.txt lists them."""

import re
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path

from checkers.tools import ROOT

LIST = ROOT / "docs/design/words.txt"
_TEST_NAME = re.compile(r"\btest_\w+")
_OF_OTHERS = re.compile(r"\bwhitelist-domain\b")
"""Options of other programs, here oauth2-proxy's."""
_GENERATED = ("constraints", ".png", ".svg")


def replacements(text: str) -> Mapping[str, str]:
    """Parse a list: the replacement of each old word. Raises ValueError."""
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    pairs = [line.split(" -> ") for line in lines]
    if wrong := [line for line, pair in zip(lines, pairs, strict=True) if len(pair) != 2]:
        raise ValueError(f"{LIST.name}: expected `old -> new`: {wrong[0]}")
    return {old.lower(): new for old, new in pairs}


def found(
    text: str, words: Mapping[str, str], *, names: Collection[str] = ()
) -> Iterator[tuple[int, str]]:
    """Yield the line and the form of each old word in a text, but in names of services."""
    for name in names:
        text = re.sub(rf"(?<![a-z]){re.sub('[-_]', '[-_]', name)}(?![a-z])", "NAME", text)
    spoken = _TEST_NAME.sub(lambda name: name[0].replace("_", " "), text)
    spoken = _OF_OTHERS.sub("", spoken)
    for match in _pattern(words).finditer(spoken):
        yield spoken.count("\n", 0, match.start()) + 1, match[0]


def _pattern(words: Collection[str]) -> re.Pattern[str]:
    """Match whole words. A line break with a comment mark may be between two words of a phrase."""
    forms = (r"[\s#]+".join(map(re.escape, word.split())) for word in words)
    return re.compile(rf"(?<!\w)(?:{'|'.join(forms)})(?!\w)", re.IGNORECASE)


def main() -> int:
    """Print each old word with its file, line and replacement. Returns 1 if there is one."""
    words, count = replacements(LIST.read_text()), 0
    names = [path.parent.name for path in ROOT.glob("services/*/pyproject.toml")]
    for path in _texts():
        for line, form in found(path.read_text(), words, names=names):
            old = re.sub(r"[\s#]+", " ", form)
            print(f"{path.relative_to(ROOT)}:{line}: {old}: write: {words[old.lower()]}")  # noqa: T201 - the report
            count += 1
    return int(count > 0)


def _texts() -> Iterator[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"],  # noqa: S607 - whichever git is there
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        path = ROOT / name
        if path != LIST and path.is_file() and not any(mark in path.name for mark in _GENERATED):
            yield path


if __name__ == "__main__":
    sys.exit(main())
