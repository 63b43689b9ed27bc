"""The files for editors, hooks and hosted CI are valid and run what `.ci/run` runs."""

import json
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent
WORKFLOW = ROOT / ".github/workflows/ci.yaml"
HOOKS = ROOT / ".pre-commit-config.yaml"
DEVCONTAINER = ROOT / ".devcontainer/devcontainer.json"

COMMAND = {"type": ["string", "array", "object"]}
# No pinned package has the schema of devcontainer.json. These are the properties in use, as the
# specification types them.
SCHEMA = {
    "type": "object",
    "properties": {
        "name": {"type": "string"},
        "image": {"type": "string"},
        "onCreateCommand": COMMAND,
        "postCreateCommand": COMMAND,
        "customizations": {"type": "object", "additionalProperties": {"type": "object"}},
    },
    "required": ["image"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    "schema", ["vendor.github-workflows", "custom.github-workflows-require-timeout"]
)
def test_the_workflow_is_valid(schema: str) -> None:
    _run("check-jsonschema", "--builtin-schema", schema, str(WORKFLOW))


def test_the_workflow_runs_the_required_checks() -> None:
    (job,) = _yaml(WORKFLOW)["jobs"].values()
    assert [step["run"] for step in job["steps"] if "run" in step] == [".ci/run"]


def test_the_workflow_covers_the_oldest_supported_python() -> None:
    (job,) = _yaml(WORKFLOW)["jobs"].values()
    oldest = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["requires-python"]
    assert job["strategy"]["matrix"]["python"][0] == oldest.removeprefix(">=")


def test_actions_are_pinned_to_commits() -> None:
    (job,) = _yaml(WORKFLOW)["jobs"].values()
    pins = [step["uses"].partition("@")[2] for step in job["steps"] if "uses" in step]
    assert {len(pin) for pin in pins} == {40}


def test_the_hooks_are_valid() -> None:
    _run("pre-commit", "validate-config", str(HOOKS))


def test_a_hook_fetches_nothing_and_runs_an_installed_tool() -> None:
    for repository in _yaml(HOOKS)["repos"]:
        assert repository["repo"] == "local"
        for hook in repository["hooks"]:
            assert hook["language"] == "system"
            program = next(word for word in shlex.split(hook["entry"]) if ".venv" in word)
            assert (ROOT / program).exists(), hook["id"]


def test_a_hook_names_files_that_exist() -> None:
    entries = [hook["entry"] for one in _yaml(HOOKS)["repos"] for hook in one["hooks"]]
    named = {word for entry in entries for word in shlex.split(entry) if word.startswith("tests/")}
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_devcontainer_is_valid(tmp_path: Path) -> None:
    schema = tmp_path / "schema.json"
    schema.write_text(json.dumps(SCHEMA))
    _run("check-jsonschema", "--schemafile", str(schema), str(DEVCONTAINER))


def _yaml(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def _run(program: str, *arguments: str) -> None:
    done = subprocess.run(
        [BIN / program, *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
