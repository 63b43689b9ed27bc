"""The kustomizations in the pages render, put where the page says."""

import shutil
from pathlib import Path

import pytest

from code_blocks import Block, blocks, pages
from manifests.suite_manifests import K8S, render
from sample_services import absent

KUSTOMIZATIONS = [b for page in pages() for b in blocks(page) if b.words == "kustomization"]


@pytest.mark.parametrize("block", KUSTOMIZATIONS, ids=str)
def test_a_kustomization_of_a_page_renders(block: Block, tmp_path: Path) -> None:
    if gone := absent(block.text):
        pytest.skip(f"it is about what was removed: {', '.join(gone)}")
    shutil.copytree(K8S, tmp_path / "k8s")
    overlay = tmp_path / "k8s/overlays/mine"
    overlay.mkdir()
    (overlay / "kustomization.yaml").write_text(block.text)

    assert list(render(overlay).workloads())
