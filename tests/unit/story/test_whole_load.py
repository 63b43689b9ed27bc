"""The verdict on the whole load, with each loss that has to fail it."""

import io
import json
from collections.abc import Callable, Mapping

import pytest
import story.patience
from rich.console import Console
from story.patience import Patience, Patient
from story.work import KINDS, SIGNED, Work

from sample_services import needs
from suitectl.errors import CheckFailedError
from suitectl.identities import public_client
from suitectl.platform.http import Reply, Request
from suitectl.platform.localkube import Localkube
from suitectl.reporter import Reporter
from suitectl.story.cast import REST_SERVICE
from suitectl.story.suite import Suite

pytestmark = [pytest.mark.anyio, needs(REST_SERVICE)]

OK, BAD, REFUSED = 200, 400, 503
Answer = Callable[[Request], int]


class Platform(Localkube):
    async def url(self, service: str, namespace: str) -> str:  # noqa: ARG002 - as a Platform takes it
        return "http://suite"


class Answering:
    """Responds with the status that `answer` gives; a 503 has Retry-After."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self.sent: list[Request] = []

    async def send(self, request: Request, *, keep_alive: bool = False) -> Reply:  # noqa: ARG002 - as a Sender takes it
        self.sent.append(request)
        return reply(self._answer(request))


def reply(status: int) -> Reply:
    headers = {"retry-after": "0"} if status == REFUSED else {}
    return Reply(status, json.dumps({"status": status}), headers, 0.0, 0.5)


def suite(answer: Answer = lambda _: OK) -> Suite:
    return Suite(Platform(), Answering(answer), Reporter(out=Console(file=io.StringIO())))


def tokens(number: int, **more: str) -> Mapping[str, str]:
    return {"access_token": f"a{number}", "refresh_token": f"r{number}", **more}


def work(patience: Patience | None = None) -> Work:
    """Return work with one success of each kind."""
    done = Work(patience or Patience())
    for kind in KINDS:
        done.add(kind, reply(OK))
    return done


async def test_what_is_seen_and_neither_failed_nor_lost_is_counted() -> None:
    done = work()
    await done.store(suite(), tokens(1))
    assert (await done.verdict(suite())).endswith("lost: 0 of 1 logins")


@pytest.mark.parametrize("kind", KINDS)
async def test_one_failure_of_any_kind_fails_the_load(kind: str) -> None:
    done = work()
    await done.store(suite(), tokens(1))
    done.add(kind, reply(BAD))
    with pytest.raises(CheckFailedError, match=f"none failed: {kind}"):
        await done.verdict(suite())


async def test_a_load_that_did_not_do_everything_shows_nothing() -> None:
    done = work()
    await done.store(suite(), tokens(1))
    done.tallies[SIGNED].replies.clear()
    with pytest.raises(CheckFailedError, match=SIGNED):
        await done.verdict(suite())
    with pytest.raises(CheckFailedError, match="of 0 logins"):
        await work().verdict(suite())


@pytest.mark.parametrize("lost", ["a3", "r3"])
@pytest.mark.parametrize("logins", [5, 60])
async def test_one_lost_token_of_many_logins_fails_the_load(lost: str, logins: int) -> None:
    """Also of a login that was used again during the load, since only some are stored."""

    def answer(request: Request) -> int:
        return BAD if lost in (request.form or {}).values() else OK

    done, losing = work(), suite(answer)
    for number in range(logins):
        await done.store(losing, tokens(number, client=public_client()))
    with pytest.raises(CheckFailedError, match="lost: 1"):
        await done.verdict(losing)


async def test_a_client_tries_again_after_a_503_with_retry_after_and_is_counted_apart() -> None:
    answers = iter((REFUSED, REFUSED, OK, OK))
    patience = Patience(seconds=60)
    patient = Patient(Answering(lambda _: next(answers)), patience)
    assert [(await patient.send(Request("GET", "http://suite"))).status for _ in "12"] == [OK, OK]
    assert (patience.refused, len(patience.late)) == (2, 1)
    assert patience.summary().startswith("1 served late, after 2 refusals")


@pytest.mark.parametrize(
    ("error", "sent"), [("temporarily_unavailable", 2), ("access_denied", 1), ("server_error", 1)]
)
async def test_a_client_tries_again_where_a_redirect_says_so(
    error: str, sent: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Regression: a login that met a failover at the authorization endpoint counted as failed."""
    monkeypatch.setattr(story.patience, "PAUSE_S", 0.0)
    location = {"location": f"http://127.0.0.1/callback?error={error}&state=s"}
    replies = [reply(OK), Reply(303, "", location, 0.0, 0.5)]
    begun = []

    async def attempt() -> Reply:
        begun.append(replies[-1])
        return replies.pop()

    await Patience(seconds=60).persist(attempt)
    assert len(begun) == sent


@pytest.mark.parametrize("status", [0, 500, BAD])
async def test_nothing_else_is_tried_again(status: int) -> None:
    sender = Answering(lambda _: status)
    assert (
        await Patient(sender, Patience(60)).send(Request("GET", "http://suite"))
    ).status == status
    assert len(sender.sent) == 1


async def test_patience_ends() -> None:
    patience = Patience(seconds=-1)
    sender = Answering(lambda _: REFUSED)
    assert (await Patient(sender, patience).send(Request("GET", "http://suite"))).status == REFUSED
    assert not patience.late
