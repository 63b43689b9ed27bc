"""The files of generated Secrets, readable by their owner alone."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any


def secret_document(metadata: Mapping[str, Any], data: Mapping[str, str]) -> dict[str, Any]:
    """Return a Secret for `kubectl apply`."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {key: metadata[key] for key in ("name", "namespace")},
        "type": "Opaque",
        "stringData": dict(data),
    }


def write_files(directory: Path, files: Mapping[str, str]) -> None:
    """Write files in this order, each atomically and with mode 0600."""
    directory.mkdir(mode=0o700, exist_ok=True)
    for name, text in files.items():
        fresh = directory / f"{name}.new"
        fresh.unlink(missing_ok=True)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        with os.fdopen(os.open(fresh, flags, 0o600), "w") as file:
            file.write(text)
        fresh.replace(directory / name)
