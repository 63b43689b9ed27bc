"""Everything that clients do, at once: the load of a rolling update, a failover, a rotation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from story.patience import Patience, Patient
from story.refreshing import refreshing
from story.scenarios.pressure import pressure
from story.work import REQUESTS, Work
from suitectl.story.suite import Suite


@asynccontextmanager
async def whole_load(suite: Suite, patience: Patience | None = None) -> AsyncIterator[Work]:
    """Do everything during the block, and see that it goes on before it and at its end.

    Requests at rest-service, logins by the code flow, refreshes, checks at cas-server and at
    rest-service. Each is sent once; with `patience` again after a refusal.
    """
    work = Work(patience or Patience())
    patient = replace(suite, http=Patient(suite.http, work.patience))
    async with (
        pressure(patient) as work.tallies[REQUESTS],
        refreshing(suite, patient, work),
    ):
        await work.goes_on()
        yield work
        await work.goes_on()
