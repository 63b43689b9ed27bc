"""`suitectl new-service`: make a service from the template, part of the suite from then on."""

import argparse
import shutil
import sys

from suitectl.catalogue import Service, read, service_named
from suitectl.root import ROOT
from suitectl.scaffold.collisions import check_objects
from suitectl.scaffold.folders import folders_of, write
from suitectl.scaffold.listings import listed
from suitectl.scaffold.registration import demo_secret, registered
from suitectl.scaffold.render import render, tidy
from suitectl.scaffold.wanted import Wanted, wanted
from suitectl.secrets.generated import hash_demo_secret


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this command; an empty one counts as not given."""
    parser.add_argument("--name", default="", help="a DNS label, such as orders")
    parser.add_argument("--namespace", default="", help="made where it does not exist")
    parser.add_argument("--port", default="", help="the port of its API")
    parser.add_argument("--calls", default="", help="services that it calls, as a comma list")
    parser.add_argument("--versions", default="", help="v1,v2 for release commands")
    parser.add_argument("--guide", action="store_true", help="only print what to try with it")


async def run(options: argparse.Namespace) -> int:
    """Check what was typed, render, and list the service; write nothing where that fails."""
    if options.guide:
        sys.stdout.write(_guide(service_named(options.name, "NAME")))
        return 0
    wish = wanted(options.name, options.namespace, options.port, options.calls, options.versions)
    hashed = await hash_demo_secret(demo_secret(wish.name))
    try:
        await _make(wish, hashed)
    except BaseException:
        for folder in folders_of(wish.name):
            shutil.rmtree(folder, ignore_errors=True)
        raise
    sys.stdout.write(_guide(read(ROOT)[wish.name]))
    return 0


async def _make(wish: Wanted, hashed: str) -> None:
    await render(wish.answers())
    service = read(ROOT)[wish.name]
    check_objects(service)
    package, _, tests = folders_of(wish.name)
    await tidy(package, tests)
    audiences = [service.resource_id for service in wish.calls]
    write({**listed(service), **registered(wish.name, hashed, audiences)})


def _guide(service: Service) -> str:
    name = service.name
    package, manifests, tests = (folder.relative_to(ROOT) for folder in folders_of(name))
    release = f"  make canary SERVICE={name} V1=1 V2=1\n" if service.versions else ""
    return (
        f"{name} is in {package}, {manifests} and {tests}\n"
        "  make up\n"
        f"  make call SERVICE={name} PATH=/api/me USER=alice\n"
        f"{release}"
        f"  make remove-service NAME={name}\n"
    )
