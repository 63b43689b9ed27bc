"""Every code block of a page is tested or says why not. tests/code_blocks.py explains how."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from code_blocks import ROOT, SERVICES, Block, blocks, pages
from localkube.api.admission import admit
from localkube.api.manifests import read
from localkube.images import Images
from manifests.checks.configuration import settings_of
from manifests.suite_manifests import K8S, load

BLOCKS = [block for page in pages() for block in blocks(page)]
FENCES = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def _of(language: str, *words: str) -> list[Block]:
    """Return the tested blocks of a language, with these words if any are given."""
    found = [b for b in BLOCKS if b.language == language and not b.words.startswith("not-run:")]
    return [block for block in found if not words or block.words in words]


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def test_every_block_declares_how_it_is_tested() -> None:
    assert [
        f"{block} {block.language} {block.words}" for block in BLOCKS if not block.treated
    ] == []


@pytest.mark.parametrize("page", pages(), ids=_name)
def test_all_code_is_fenced(page: Path) -> None:
    """An indented block has no info string, and a fence must be closed."""
    prose = FENCES.sub("", page.read_text("utf-8"))
    assert [line for line in prose.splitlines() if line.startswith(("    ", "```"))] == []


@pytest.mark.parametrize("block", _of("yaml", *SERVICES), ids=str)
def test_configuration_loads_in_its_service(block: Block, tmp_path: Path) -> None:
    """The test adds the documents of the page to those of the base."""
    base = load(K8S / "base")
    config_map = base.get("ConfigMap", block.words)
    assert config_map is not None
    text = f"{config_map['data']['application.yaml']}\n---\n{block.text}"
    changed = base.changed(f"ConfigMap/{block.words}", "data", {"application.yaml": text})
    assert settings_of(changed, block.words, ("kubernetes", "dev"), tmp_path)


@pytest.mark.parametrize("block", _of("yaml", "manifest"), ids=str)
def test_a_manifest_is_admitted(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "manifest.yaml"
    file.write_text(block.text)
    assert [admit(document, source, "default") for source, document in read(str(file))]


@pytest.mark.parametrize("block", _of("yaml", "localkube"), ids=str)
def test_the_file_of_localkube_is_valid(block: Block, tmp_path: Path) -> None:
    file = tmp_path / "localkube.yaml"
    images = "" if block.text.startswith("images:") else "images: {}\n"
    file.write_text(images + block.text)
    assert Images.load(file)


def test_python_is_typed_imported_and_tested(examples: Path) -> None:
    """`mypy --strict` over all files, an import of each module, and a run of each test."""
    files = sorted(examples.rglob("*.py"))
    names = [".".join(file.relative_to(examples).with_suffix("").parts) for file in files]
    imports = "; ".join(f"import {name}" for name in names)

    _run(str(ROOT / "tests/checkers/typed.py"), *map(str, files), examples=examples)
    _run("-W", "error", "-c", imports, examples=examples)
    _run("-m", "pytest", "-q", "-p", "anyio", str(examples), examples=examples)


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    """Write the files of all pages' examples, each from the blocks with its name on one page."""
    pages = dict[str, Path]()
    for block in _of("python"):
        assert pages.setdefault(block.words, block.page) == block.page, f"{block}: on two pages"
        file = tmp_path / block.words
        if file.parent != tmp_path:
            # A package, also before an installed one of the same name.
            file.parent.mkdir(exist_ok=True)
            (file.parent / "__init__.py").touch()
        with file.open("a") as opened:
            opened.write(block.text)
    return tmp_path


def _run(*arguments: str, examples: Path) -> None:
    environment = os.environ | {"MYPYPATH": str(examples), "PYTHONPATH": str(examples)}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=examples,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
