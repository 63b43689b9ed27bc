"""Callers configured as in a service, with servers of the test as targets."""

from collections.abc import Iterator
from contextlib import contextmanager

from chassis.client.caller import Caller
from chassis.client.retry_budget import RetryBudget
from chassis.client.target import Target
from chassis.discovery import Address
from chassis.transport import Pool, PoolOptions, RawRequest
from eventually import PATIENCE_S

SERVICE = Target("cas-server-service", 80)


class OneAddress:
    """Discovery that resolves every name to one address."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self.failed: list[Address] = []

    async def resolve(self, name: str, port: int) -> Address:
        del name, port
        return self._address

    def report_failure(self, address: Address) -> None:
        self.failed.append(address)


@contextmanager
def calling(
    address: Address,
    *,
    options: PoolOptions | None = None,
    timeout: float = PATIENCE_S,
    ratio: float = 0.2,
    capacity: int = 200,
    floor: float = 10.0,
) -> Iterator[Caller]:
    caller = Caller(
        discovery=OneAddress(address),
        pool=Pool(options or PoolOptions()),
        budget=RetryBudget(ratio=ratio, capacity=capacity, floor=floor),
        timeout=timeout,
    )
    try:
        yield caller
    finally:
        caller.pool.retire()


def get(path: bytes = b"/") -> RawRequest:
    return RawRequest(b"GET", path, [(b"Host", b"cas-server-service")])


def post(body: bytes = b"token=t") -> RawRequest:
    headers = [(b"Host", b"cas-server-service"), (b"Content-Length", b"%d" % len(body))]
    return RawRequest(b"POST", b"/oauth/check_token", headers, body)
