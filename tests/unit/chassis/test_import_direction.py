"""docs/design/architecture.md, "Packages of the chassis": imports lead in one direction."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import chassis

ROOT = Path(chassis.__file__).parent
PAGE = Path(__file__).parents[3] / "docs" / "design" / "architecture.md"
LAYERS = (
    ("ant", "deadlines", "lean_imports", "normal_form", "single_flight", "strict_json"),
    ("jwt", "telemetry"),
    ("errors",),
    ("config", "transport"),
    ("discovery", "security"),
    ("client", "http_server"),
    ("token_services",),
    ("app",),
    ("serving", "testing"),
    ("__init__",),
)
"""Lowest first. A package imports only packages of lower layers."""
LAYER_OF = {name: level for level, names in enumerate(LAYERS) for name in names}


def part_of(module: str) -> str:
    """Return the package or top-level module of `chassis.…`."""
    return [*module.split("."), "__init__"][1]


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """Yield line and module of each import of the chassis, including those within functions."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}:{node.lineno}: write the import in full"
            assert node.module
            from_root = node.module == "chassis"
            names = [f"chassis.{name.name}" for name in node.names] if from_root else [node.module]
            yield from ((node.lineno, name) for name in names)


def test_every_package_has_a_layer() -> None:
    found = {path.stem for path in ROOT.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert found - {"__pycache__"} == set(LAYER_OF)


def test_imports_lead_to_lower_layers() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {own} imports {other}, which is not below it"
        for path in sorted(ROOT.rglob("*.py"))
        for own in [path.relative_to(ROOT).parts[0].removesuffix(".py")]
        for line, module in imports(path)
        if module.partition(".")[0] == "chassis" and (other := part_of(module)) != own
        if LAYER_OF[other] >= LAYER_OF[own]
    ]
    assert not wrong, "\n".join(["", *wrong])


def test_the_architecture_page_shows_these_layers() -> None:
    rows = re.findall(r"^\| (\d+) \| (`[^|]+`) \|", PAGE.read_text(), re.MULTILINE)
    shown = [(int(level), name) for level, names in rows for name in re.findall(r"`(\w+)`", names)]
    assert shown == [(level + 1, name) for name, level in LAYER_OF.items()]
