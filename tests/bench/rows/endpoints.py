"""An endpoint of the chassis against bare FastAPI, and the cost of protecting it."""

from bench.contest import pairing
from bench.contestants import CACHED, FASTAPI, OPEN, UNCACHED
from bench.quantity import RATE

CONTEST = "An endpoint with settings"
ROWS = (
    *(pairing(CONTEST, OPEN, FASTAPI, count, RATE, target=0.95) for count in (16, 64)),
    pairing(CONTEST, CACHED, OPEN, 64, RATE, target=0.85),
    pairing(CONTEST, UNCACHED, OPEN, 64, RATE, target=0.60),
)
