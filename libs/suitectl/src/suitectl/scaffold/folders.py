"""The folders that are a service's own, and files beside them that change with it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from suitectl.root import ROOT
from suitectl.scaffold.names import package_of


def folders_of(name: str) -> Sequence[Path]:
    """Return the folders of a service: its package, its manifests, its unit tests."""
    return (
        ROOT / "services" / name,
        ROOT / "k8s/base" / name,
        ROOT / "tests/unit" / package_of(name),
    )


def write(files: Mapping[Path, str | None]) -> None:
    """Write each file that changes; None removes it."""
    for file, text in files.items():
        if text is None:
            file.unlink(missing_ok=True)
        elif not file.exists() or file.read_text() != text:
            file.write_text(text)
