"""`suitectl remove-service`: take out a service, with its folders and every line about it."""

import argparse
import json
import shutil
import sys
from importlib.metadata import PackageNotFoundError, distribution

from suitectl.catalogue import Service, apis, service_named, services
from suitectl.errors import CommandFailedError
from suitectl.root import ROOT
from suitectl.scaffold.callers import places_in_code, uncalled
from suitectl.scaffold.folders import folders_of, write
from suitectl.scaffold.listings import unlisted
from suitectl.scaffold.registration import unregistered
from suitectl.shell import output


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command."""
    parser.add_argument("--name", default="", help="the service to remove")


async def run(options: argparse.Namespace) -> int:
    """Remove it; raise `CommandFailedError` for one that the suite cannot do without."""
    if not options.name:
        raise CommandFailedError(f"NAME is missing; there are: {', '.join(services())}")
    service = service_named(options.name, "NAME")
    _check(service)
    files = {**uncalled(service.name), **unlisted(service), **unregistered(service.client_id)}
    places = places_in_code(service)
    for folder in folders_of(service.name):
        shutil.rmtree(folder, ignore_errors=True)
    write(files)
    if _is_installed_from_here(service):
        await _uninstall(service)
    sys.stdout.write(f"{service.name} is removed; what it was is in git\n")
    for place in places:
        sys.stdout.write(f"  {place} still names {service.service}: delete what calls it there\n")
    return 0


def _check(service: Service) -> None:
    if not service.is_api:
        raise CommandFailedError(f"NAME={service.name}: the others need its tokens")
    if len(apis()) == 1:
        hint = "make another service first"
        raise CommandFailedError(f"NAME={service.name}: is the last resource service; {hint}")


def _is_installed_from_here(service: Service) -> bool:
    """Say whether the virtual environment has the package of this checkout, not of another."""
    try:
        found = distribution(f"suite-{service.name}").read_text("direct_url.json")
    except PackageNotFoundError:
        return False
    here = (ROOT / "services" / service.name).as_uri()
    return bool(json.loads(found or "{}").get("url") == here)


async def _uninstall(service: Service) -> None:
    """Take the package out of the virtual environment, where it would point nowhere."""
    pip = (sys.executable, "-m", "pip", "--disable-pip-version-check", "uninstall", "--yes")
    await output((*pip, f"suite-{service.name}"), seconds=60)
