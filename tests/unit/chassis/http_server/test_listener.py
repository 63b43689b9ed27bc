"""docs/configuration.md: `server.address`."""

import socket

import pytest

from chassis.http_server.listener import ListenError, listening
from eventually import PATIENCE_S

ANY = ["::", "[::]", "0:0:0:0:0:0:0:0"]


def _reached(host: str, address: str) -> str:
    """Connect to a listener at an address; return the client's address as the listener sees it."""
    with listening(address, 0, setting="server.port") as listener:
        port = listener.getsockname()[1]
        with (
            socket.create_connection((host, port), timeout=PATIENCE_S),
            listener.accept()[0] as accepted,
        ):
            return str(accepted.getpeername()[0])


@pytest.mark.parametrize("address", ANY)
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_any_address_of_ipv6_listens_on_both_families(address: str, host: str) -> None:
    assert _reached(host, address).endswith(host)


@pytest.mark.parametrize("address", ["::1", "[::1]"])
def test_brackets_around_an_ipv6_address_are_accepted(address: str) -> None:
    assert _reached("::1", address) == "::1"


@pytest.mark.parametrize("address", ["0.0.0.0", "127.0.0.1", "localhost"])  # noqa: S104 - loopback calls it
def test_an_ipv4_address_listens_on_ipv4(address: str) -> None:
    assert _reached("127.0.0.1", address) == "127.0.0.1"


def test_an_invalid_address_is_reported() -> None:
    with (
        pytest.raises(ListenError, match=r"can't listen on \[::zz\]:0: .*; set server.port"),
        listening("[::zz]", 0, setting="server.port"),
    ):
        pass


@pytest.mark.bound("receive-buffer")
def test_the_receive_buffer_of_a_connection_is_small() -> None:
    with (
        listening("127.0.0.1", 0, setting="server.port") as listener,
        socket.create_connection(listener.getsockname()),
        listener.accept()[0] as peer,
    ):
        # The kernel also counts its own overhead.
        assert peer.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) <= 2 * 32 * 1024
