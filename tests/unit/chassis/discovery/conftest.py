"""Fixtures of the discovery tests."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kube_api import KubeApi, kube_api


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[KubeApi]:
    """Run a small API server."""
    async with kube_api(tmp_path) as api:
        yield api
