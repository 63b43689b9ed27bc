"""The editors' configurations lead to the debugger of `make debug`, and to that of the image."""

import json
import re
from pathlib import Path
from xml.etree import ElementTree as ET

from suitectl.debugging.debug_mode import PORT
from suitectl.debugging.forward import HOST

ROOT = Path(__file__).parents[2]
PYCHARM = ROOT / ".run/attach.run.xml"


def test_vs_code_attaches_to_the_debugger() -> None:
    launch = json.loads((ROOT / ".vscode/launch.json").read_text())
    for configuration in launch["configurations"]:
        assert configuration["request"] == "attach"
        assert configuration["connect"] == {"host": HOST, "port": PORT}


def test_vs_code_maps_the_sources_to_where_the_image_has_them() -> None:
    launch = json.loads((ROOT / ".vscode/launch.json").read_text())
    (cluster,) = (c for c in launch["configurations"] if "pathMappings" in c)
    folders = {m["localRoot"]: m["remoteRoot"] for m in cluster["pathMappings"]}
    chassis = "${workspaceFolder}/libs/chassis/src/chassis"
    assert folders[chassis] == "/srv/chassis"
    assert folders["${workspaceFolder}/services/${input:service}/src"] == "/srv"
    # The first that fits counts, and /srv fits all.
    assert next(iter(folders)) == chassis
    assert "PYTHONPATH=/srv" in (ROOT / "docker/Dockerfile").read_text()


def test_pycharm_attaches_to_the_debugger() -> None:
    options = ET.fromstring(PYCHARM.read_text()).iter("option")  # noqa: S314 - our own file
    values = {option.get("name"): option.get("value") for option in options}
    assert values["remoteAddress"] == f"{HOST}:{PORT}"


def test_the_editors_and_the_command_say_the_same_name() -> None:
    text = (ROOT / "libs/suitectl/src/suitectl/commands/debug.py").read_text()
    names = set(re.findall("“(.+?)”", text))
    launch = json.loads((ROOT / ".vscode/launch.json").read_text())
    assert names == {launch["configurations"][0]["name"]}
    (configuration,) = ET.fromstring(PYCHARM.read_text())  # noqa: S314 - our own file
    assert names == {configuration.get("name")}
