"""The code blocks of the pages, and how each is tested.

The info string of a block declares it. Its first word is the language, which readers see:

- `sh`, `console`: the commands run on localkube, with `cluster` after it on Kubernetes. A console
  shows output below its `$ ` lines, in which `...` matches any text;
- `python FILE`: the block is that file of the page's example, or its next part; the file is
  type-checked and imported, its tests run;
- `yaml KIND`: loaded by the component that reads this kind, see `YAML_KINDS`;
- `mermaid`: a picture;
- `LANGUAGE not-run: REASON`: for everything else.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sample_services import REMOVED
from suitectl.catalogue import on_chassis

ROOT = Path(__file__).parents[1]
SHELLS = ("sh", "console")
SERVICES = tuple(on_chassis())
YAML_KINDS = ("manifest", "kustomization", "localkube", *SERVICES, *REMOVED)
"""A manifest, a kustomization, `k8s/localkube.yaml`, or documents of a service's ConfigMap."""

_BLOCK = re.compile(r"^```(.*)\n((?:.*\n)*?)```$", re.MULTILINE)
_REASON = re.compile(r"not-run: .{20,}")
_FILE = re.compile(r"(\w+/)?\w+\.py")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    words: str
    text: str

    def __str__(self) -> str:
        return f"{self.page.relative_to(ROOT)}:{self.line}"

    @property
    def treated(self) -> bool:
        """Whether the info string declares how the block is tested."""
        if _REASON.fullmatch(self.words):
            return True
        match self.language:
            case "sh" | "console":
                return self.words in {"", "cluster"}
            case "python":
                return bool(_FILE.fullmatch(self.words))
            case "yaml":
                return self.words in YAML_KINDS
            case _:
                return self.language == "mermaid" and not self.words


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a block, and the output that is shown below it, if any is."""

    block: Block
    text: str
    output: str | None = None

    def shows(self, output: str) -> bool:
        """Return whether the page shows this output."""
        return self.output is None or bool(_pattern(self.output).fullmatch(_trimmed(output)))


def pages() -> Sequence[Path]:
    """Return all pages for readers."""
    found = [ROOT / "README.md", ROOT / "CHANGELOG.md"]
    for folder in ("docs", "libs", "services", ".github"):
        found += sorted(path for path in (ROOT / folder).rglob("*.md") if path.is_file())
    return found


def blocks(page: Path) -> Sequence[Block]:
    """Return the blocks of a page."""
    text = page.read_text("utf-8")
    return [_block(page, text, found) for found in _BLOCK.finditer(text)]


def commands(block: Block) -> Iterator[Command]:
    """Yield the commands of a block: a console's one by one, a script as one."""
    if block.language != "console":
        yield Command(block, block.text)
        return
    for part in re.split(r"^\$ ", block.text, flags=re.MULTILINE)[1:]:
        command, _, output = re.sub(r"\\\n", "\\\\\0", part).partition("\n")
        yield Command(block, command.replace("\0", "\n"), output.replace("\0", "\n"))


def _block(page: Path, text: str, found: re.Match[str]) -> Block:
    language, _, words = found[1].partition(" ")
    return Block(page, text.count("\n", 0, found.start()) + 1, language, words, found[2])


def _pattern(shown: str) -> re.Pattern[str]:
    """Match the output that is shown: `...` is any text, on a line of its own any lines."""
    forms = []
    for line in _trimmed(shown).splitlines(keepends=True):
        pieces = map(re.escape, line.split("..."))
        forms.append(r"(?s:.*)" if line.strip() == "..." else ".*".join(pieces))
    return re.compile("".join(forms))


def _trimmed(text: str) -> str:
    return "".join(f"{line.rstrip()}\n" for line in text.strip("\n").splitlines())
