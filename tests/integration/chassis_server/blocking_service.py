"""A service whose handlers block the event loop on purpose; `test_watchdog.py` runs it."""

import asyncio
import subprocess
import sys
import time

from fastapi import APIRouter, Depends, FastAPI

import chassis
from chassis import LiveConfig, ServiceSettings, run_service

BLOCK_S = 0.4
router = APIRouter()


@router.get("/sleeps")
async def sleeps() -> str:
    time.sleep(BLOCK_S)  # noqa: ASYNC251 # clock: on purpose # line: sleeps
    return "done"


@router.get("/computes")
async def computes() -> int:
    total, end = 0, time.monotonic() + BLOCK_S  # clock: blocks on purpose
    while time.monotonic() < end:  # clock: blocks on purpose
        total += 1
    return total


@router.get("/holds-the-lock")
async def holds_the_lock() -> int:
    return sum(range(20_000_000))  # line: holds_the_lock


async def blocking_dependency() -> None:
    subprocess.run(["/bin/sleep", str(BLOCK_S)], check=True)  # noqa: ASYNC221 # line: blocking_dependency


@router.get("/depends", dependencies=[Depends(blocking_dependency)])
async def depends() -> str:
    return "done"


@router.get("/never-ends")
async def never_ends() -> None:
    time.sleep(3600)  # noqa: ASYNC251 # clock: until it is killed # line: never_ends


@router.get("/many-short-callbacks")
async def many_short_callbacks() -> str:
    for _ in range(100):
        asyncio.get_running_loop().call_soon(_compute)
    await asyncio.sleep(0)
    return "done"


def _compute() -> None:
    end = time.thread_time() + BLOCK_S / 100  # clock: 4 ms of work
    while time.thread_time() < end:  # clock: 4 ms of work
        pass


@router.get("/awaits")
async def awaits() -> str:
    await asyncio.sleep(BLOCK_S)  # clock: blocks nothing
    return "done"


@router.get("/is-watched")
async def is_watched() -> bool:
    return "chassis.serving.watchdog" in sys.modules


def create_app(live: LiveConfig[ServiceSettings]) -> FastAPI:
    return chassis.create_app(live, title="blocking", version="1", routers=[router])


if __name__ == "__main__":
    sys.exit(run_service("blocking", ServiceSettings, create_app))
