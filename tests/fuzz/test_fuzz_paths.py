"""Security filter and router together, with arbitrary paths and patterns.

No open path reaches a handler whose own path the patterns do not open.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI

import cas_server.app
import cas_server.endpoints.user
from cas_server.endpoints import keys, metadata
from cas_server.settings import CasSettings
from chassis import LiveConfig, ServiceSettings, create_app
from chassis.security.paths import PathPatterns, is_sound
from chassis.testing import StaticTokenServices
from fuzz.ant_reference import opens
from fuzz.asgi import Reply, ask
from fuzz.conftest import Rounds
from fuzz.path_mutations import pattern, target
from service_apps import application, configured, module_of
from suitectl.catalogue import on_chassis

METHODS = ("GET", "GET", "HEAD", "POST", "OPTIONS", "PUT", "TRACE")
AMBIGUOUS = ("//", "/../", "/./", ";", "\\")


@dataclass(frozen=True)
class Subject:
    """An application, the templates of its routes, and its context path."""

    app: FastAPI
    live: LiveConfig[Any]
    routes: dict[Any, str]
    prefix: str = ""

    def leave_open(self, patterns: list[str]) -> None:
        path = self.live.settings.security.path.model_copy(update={"ignores": tuple(patterns)})
        security = self.live.settings.security.model_copy(update={"path": path})
        settings = self.live.settings.model_copy(update={"security": security})
        self.live._current = LiveConfig.fixed(settings).current

    def reached(self, reply: Reply) -> str | None:
        """Return the path of the handler that a request reached."""
        template = self.routes.get(reply.scope.get("endpoint"))
        values = reply.scope.get("path_params", {})
        return template.format(**values) if template is not None else None


class _Values(dict[str, str]):
    """A value for each variable of a path."""

    def __missing__(self, name: str) -> str:
        return "7" if name == "part" else "lamp"


def with_variables() -> APIRouter:
    router = APIRouter()

    @router.get("/items/{name}")
    async def item(name: str) -> str:
        return name

    @router.get("/items/{name}/parts/{part}")
    async def part(name: str, part: str) -> str:
        return name + part

    @router.get("/files/{name:path}")
    async def file(name: str) -> str:
        return name

    return router


def sample(prefix: str) -> Subject:
    context = {"servlet": {"context_path": prefix}}
    live = LiveConfig.fixed(ServiceSettings.model_validate({"server": context}))
    router = with_variables()
    tokens = StaticTokenServices()
    app = create_app(live, title="s", version="1", routers=[router], token_services=tokens)
    return Subject(app, live, _templates(app, router), prefix)


def subjects() -> Iterator[Subject]:
    tokens = StaticTokenServices()
    cas = LiveConfig.fixed(CasSettings())
    made = cas_server.app.create_app(cas)
    yield Subject(made, cas, _templates(made, cas_server.endpoints.user.router))
    for service in filter(attrgetter("is_api"), on_chassis().values()):
        live = configured(service.name)
        made = application(service.name, live, tokens)
        yield Subject(made, live, _templates(made, module_of(service.name, "api").router))
    yield sample("")
    yield sample("/shop")


def _templates(app: FastAPI, router: APIRouter) -> dict[Any, str]:
    """Return the routes that patterns may open; metadata and keys are open in any case."""
    routes: list[Any] = [*app.routes, *router.routes]
    return {
        route.endpoint: route.path_format
        for route in routes
        if getattr(route, "path_format", None) is not None
        and not route.path_format.startswith((*metadata.OPEN_PATHS, *keys.OPEN_PATHS))
    }


@pytest.mark.anyio
async def test_open_paths_reach_only_handlers_that_a_pattern_opens(rounds: Rounds) -> None:
    every = list(subjects())
    for rng in rounds:
        subject = rng.choice(every)
        paths = [template.format_map(_Values()) for template in subject.routes.values()]
        patterns = [pattern(rng, paths) for _ in range(rng.randrange(4))]
        subject.leave_open(patterns)
        for _ in range(4):
            sent = target(rng, paths, subject.prefix)
            reply = await ask(subject.app, rng.choice(METHODS), sent)
            judge(subject, patterns, sent, reply)
        read_plainly(rng)


def judge(subject: Subject, patterns: list[str], sent: str, reply: Reply) -> None:
    context = f"{sent!r} with {patterns} was {reply.status}"
    path = reply.scope["path"]
    assert reply.status < 500 or reply.status in (501, 503), context
    if not is_sound(path):
        assert reply.status == 400, context
    own = subject.reached(reply)
    if own is not None:
        assert own == path, context
        assert any(opens(one, own) for one in patterns), context
        assert not any(piece in own for piece in AMBIGUOUS), context


def read_plainly(rng: random.Random) -> None:
    """Compare a pattern's matches with the reference."""
    alphabet = rng.choice(("ab", "ab-.", "a/", "ab/.\N{LATIN SMALL LETTER E WITH ACUTE}"))
    shape = pattern(rng, [_text(rng, alphabet)])
    compiled = PathPatterns([shape])
    for _ in range(4):
        path = _text(rng, alphabet)
        assert compiled.match(path) is (opens(shape, path) and _is_unambiguous(path)), (shape, path)


def _text(rng: random.Random, alphabet: str) -> str:
    return "/" + "".join(rng.choice(alphabet) for _ in range(rng.randrange(1, 10)))


def _is_unambiguous(path: str) -> bool:
    return "//" not in path and not {".", ".."} & set(path.split("/"))
