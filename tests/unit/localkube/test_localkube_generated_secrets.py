"""The command that prints generated Secrets: bounded in time."""

from pathlib import Path
from typing import Any

import pytest

from localkube.errors import LocalkubeError
from localkube.images import Images
from localkube.verbs import generated_secrets as generated

POD = {"volumes": [{"name": "v", "secret": {"secretName": "wanted"}}]}
DEPLOYMENT: dict[str, Any] = {
    "kind": "Deployment",
    "metadata": {"name": "web"},
    "spec": {"template": {"spec": POD}},
}


@pytest.mark.bound("secrets-command")
def test_a_command_that_prints_nothing_times_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(generated, "_TIMEOUT_S", 0.2)
    images = Images(tmp_path / "localkube.yaml", {}, ("sleep", "60"))
    with pytest.raises(LocalkubeError, match=r"sleep: printed no Secrets within 0\.2 s"):
        generated.generated([("all.yaml", DEPLOYMENT)], images)
