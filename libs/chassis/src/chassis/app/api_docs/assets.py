"""The files of the page `/docs`: Swagger UI's, from the package `fastapi-swagger`, and our own.

Nothing is read before the first request for it, and only digests stay in memory.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path

import anyio

from chassis.errors import NotFound

_DISTRIBUTION = "fastapi_swagger"
_FOLDER = "resources"


def _of_swagger_ui() -> Path:
    """Return the folder of Swagger UI; finding a package runs none of its code."""
    spec = find_spec(_DISTRIBUTION)
    if spec is None or not spec.submodule_search_locations:
        raise NotFound("Swagger UI is not installed here; install fastapi-swagger")
    return Path(spec.submodule_search_locations[0], _FOLDER)


def _own() -> Path:
    return Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Asset:
    """A file that the page refers to."""

    name: str
    media_type: str
    folder: Callable[[], Path]

    @property
    def path(self) -> Path:
        """Return where the file is; raise `NotFound`."""
        return self.folder() / self.name

    async def digest(self) -> str:
        """Return a digest of its bytes, computed once."""
        return await anyio.to_thread.run_sync(_digest, self.path)


SCRIPT = Asset("swagger-ui-bundle.js", "text/javascript", _of_swagger_ui)
SHEET = Asset("swagger-ui.css", "text/css", _of_swagger_ui)
ICON = Asset("favicon-32x32.png", "image/png", _of_swagger_ui)
OWN_SCRIPT = Asset("page.js", "text/javascript", _own)
OWN_SHEET = Asset("page.css", "text/css", _own)
ASSETS = {asset.name: asset for asset in (SCRIPT, SHEET, ICON, OWN_SCRIPT, OWN_SHEET)}


@lru_cache(maxsize=len(ASSETS))
def _digest(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest()
