"""What services say of one that they call: a path to try, an answer to the template, their code."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from suitectl.catalogue import TRY, Service, apis
from suitectl.root import ROOT
from suitectl.scaffold.blocks import without

_TRIED = re.compile(rf"^( +{TRY}: )(.+)$", re.MULTILINE)
_NO_CALLS = re.compile(r"^calls:\n(?!-)", re.MULTILINE)


def uncalled(name: str) -> Mapping[Path, str]:
    """Return the manifests and answers of other services without their calls of one."""
    manifests = ROOT.glob("k8s/base/*/service.yaml")
    answers = ROOT.glob("services/*/.copier-answers.yml")
    files = {file: untried(file.read_text(), name) for file in manifests}
    files |= {file: unanswered(file.read_text(), name) for file in answers}
    return {file: text for file, text in files.items() if name not in file.parts}


def untried(manifest: str, name: str) -> str:
    """Return a Service without the path that leads on to a service."""
    return _TRIED.sub(lambda found: found[1] + _less(found[2], f"/api/calls/{name}"), manifest)


def unanswered(answers: str, name: str) -> str:
    """Return answers to the template without a service that is called."""
    return _NO_CALLS.sub("calls: []\n", without(answers, rf"-   name: {re.escape(name)}$"))


def places_in_code(service: Service) -> Sequence[str]:
    """Return each file of other services' code that names one, with its lines."""
    others = [one.name for one in apis() if one.name != service.name]
    files = (file for name in others for file in sorted((ROOT / "services" / name).rglob("*.py")))
    return [place for file in files for place in _places(file, service.service)]


def _places(file: Path, name: str) -> Iterator[str]:
    lines = enumerate(file.read_text().splitlines(), start=1)
    if found := [str(number) for number, line in lines if f'"{name}"' in line]:
        yield f"{file.relative_to(ROOT)}:{','.join(found)}"


def _less(paths: str, gone: str) -> str:
    return ", ".join(path for path in paths.split(", ") if path != gone)
