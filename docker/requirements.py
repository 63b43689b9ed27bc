"""Prints what packages need from elsewhere, one requirement a line: `requirements.py FOLDER...`.

The project's own packages are left out: they are built from the sources beside them.
"""

import sys
import tomllib
from pathlib import Path

OWN = "suite-"

for folder in sys.argv[1:]:
    project = tomllib.loads(Path(folder, "pyproject.toml").read_text())["project"]
    for requirement in project["dependencies"]:
        if not requirement.startswith(OWN):
            print(requirement)  # noqa: T201 - the list is what was asked for
