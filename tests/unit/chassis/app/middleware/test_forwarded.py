"""The client address behind proxies: one header, from trusted peers, read from its right end."""

from pathlib import Path

import pytest
import yaml
from starlette.types import Message, Receive, Scope, Send

from chassis import ServiceSettings
from chassis.app.middleware import SourceAddress, forwarded
from chassis.app.middleware.forwarded import MAX_HOPS, Forwarded
from chassis.config import ConfigError, ConfigSource, LiveConfig
from chassis.config.sections import ForwardedSettings
from eventually import PATIENCE_S

PROXY, CLIENT, FAKED = "10.0.0.1", "203.0.113.7", "198.51.100.9"
TRUSTED = ["10.0.0.0/8", "fd00::/8"]


def address_of(*lines: str, header: str = "x-forwarded-for", peer: str = PROXY) -> str:
    settings = ForwardedSettings.model_validate({"trusted_proxies": TRUSTED, "header": header})
    headers = [(header.encode(), line.encode("latin-1")) for line in lines]
    scope = {"type": "http", "client": (peer, 1234), "headers": headers}
    return Forwarded(settings).address(scope)


def rfc7239(*lines: str, peer: str = PROXY) -> str:
    return address_of(*lines, header="forwarded", peer=peer)


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ([], PROXY),
        ([CLIENT], CLIENT),
        ([f"{FAKED}, {CLIENT}"], CLIENT),
        ([f"{CLIENT}, 10.0.0.2, 10.9.9.9"], CLIENT),
        ([FAKED, CLIENT], CLIENT),
        ([f"{FAKED}, {CLIENT}", "10.0.0.2"], CLIENT),
        ([f"{CLIENT}:4711"], CLIENT),
        (["2001:db8::1"], "2001:db8::1"),
        (["[2001:db8::1]"], "2001:db8::1"),
        (["[2001:DB8:0::1]:4711"], "2001:db8::1"),
        ([f"::ffff:{CLIENT}"], CLIENT),
        ([f"{CLIENT},fd00::5"], CLIENT),
        ([f"{CLIENT}, , "], CLIENT),
        ([f"\t{CLIENT}\t"], CLIENT),
        (["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ([f"{CLIENT}, unknown"], PROXY),
        ([f"{CLIENT}, unknown, 10.0.0.2"], "10.0.0.2"),
        ([f"{CLIENT}, _hidden"], PROXY),
        ([f"{CLIENT}, 1.2.3"], PROXY),
        ([f"{CLIENT}, 1.2.3.4.5"], PROXY),
        ([f"{CLIENT}, 010.1.2.3"], PROXY),
        ([f"{CLIENT}, fe80::1%eth0"], PROXY),
        ([f"{CLIENT}, \xe9"], PROXY),
        ([f"{CLIENT}, 1.2.3.4 5.6.7.8"], PROXY),
        (['"' + CLIENT + '"'], PROXY),
    ],
)
def test_x_forwarded_for(lines: list[str], address: str) -> None:
    assert address_of(*lines) == address


@pytest.mark.parametrize(
    ("lines", "address"),
    [
        ([f"for={CLIENT}"], CLIENT),
        ([f"For={CLIENT};Proto=http;by=10.0.0.1"], CLIENT),
        ([f"proto=https; FOR = {CLIENT}"], PROXY),
        ([f'for="{CLIENT}:4711"'], CLIENT),
        ([f"for={CLIENT}:4711"], CLIENT),
        (['for="[2001:db8:cafe::17]:4711"'], "2001:db8:cafe::17"),
        (['for="[2001:db8:cafe::17]:_port"'], "2001:db8:cafe::17"),
        ([r'for="[2001:db8:\cafe::17]"'], "2001:db8:cafe::17"),
        ([f"for={FAKED}, for={CLIENT}"], CLIENT),
        ([f"for={FAKED}", f"for={CLIENT}, for=10.0.0.2"], CLIENT),
        ([f'for={CLIENT};by="a,b", for=10.0.0.2;by="c,d"'], CLIENT),
        ([f'for={FAKED}, for={CLIENT};host="a\\",b"'], PROXY),
        ([f'for="{FAKED}, for={CLIENT}'], CLIENT),
        ([f'for={FAKED};by=", for={CLIENT}'], CLIENT),
        ([f"for={CLIENT}, for=unknown"], PROXY),
        ([f'for={CLIENT}, for="_gazonk"'], PROXY),
        ([f"for={CLIENT}, proto=http"], PROXY),
        ([f"for={CLIENT};for={FAKED}"], PROXY),
        ([f"for={CLIENT};;proto=http;"], CLIENT),
        ([f"for={CLIENT} {FAKED}"], PROXY),
        ([CLIENT], PROXY),
    ],
)
def test_forwarded(lines: list[str], address: str) -> None:
    """RFC 7239; a quote that the client leaves open does not hide what a proxy appended."""
    assert rfc7239(*lines) == address


def test_the_header_of_an_untrusted_peer_is_ignored() -> None:
    assert address_of(FAKED, peer=CLIENT) == CLIENT
    assert rfc7239(f"for={FAKED}", peer=CLIENT) == CLIENT


def test_a_trusted_peer_is_recognized_by_its_ipv4_mapped_address() -> None:
    assert address_of(CLIENT, peer=f"::ffff:{PROXY}") == CLIENT


@pytest.mark.parametrize("header", ["x-forwarded-for", "forwarded"])
def test_the_other_header_is_ignored(header: str) -> None:
    settings = ForwardedSettings.model_validate({"trusted_proxies": TRUSTED, "header": header})
    both = {"x-forwarded-for": CLIENT, "forwarded": f"for={CLIENT}"}
    other = next(name for name in both if name != header)
    headers = [(other.encode(), both[other].encode()), (b"x-real-ip", CLIENT.encode())]
    scope = {"type": "http", "client": (PROXY, 1), "headers": headers}
    assert Forwarded(settings).address(scope) == PROXY


@pytest.mark.bound("forwarded-hops")
def test_only_a_bounded_part_of_a_long_list_is_read() -> None:
    hops = [f"10.0.0.{number % 250}" for number in range(MAX_HOPS)]
    assert address_of(", ".join([CLIENT, *hops])) == hops[0]
    assert address_of(", ".join([CLIENT, *hops[1:]])) == CLIENT


@pytest.mark.parametrize("junk", [",", ", ", '",', 'a=",', ";,", '\\",', '"'])
def test_a_malformed_header_yields_the_proxys_address_in_linear_time(junk: str) -> None:
    """The longest head has 32 KiB. The timeout of the test fails on quadratic time."""
    for _ in range(3):
        assert rfc7239(junk * (32_000 // len(junk))) == PROXY
        assert address_of(junk * (32_000 // len(junk))) == PROXY


@pytest.mark.parametrize("network", ["10.0.0.1/8", "proxy", "10.0.0.0/33", "*"])
def test_an_invalid_network_is_a_configuration_error(tmp_path: Path, network: str) -> None:
    tree = {"server": {"forwarded": {"trusted-proxies": [network]}}}
    (tmp_path / "application.yaml").write_text(yaml.safe_dump(tree))
    with pytest.raises(ConfigError, match="trusted-proxies"):
        LiveConfig.load(ConfigSource("sample", config_dir=tmp_path), ServiceSettings)


def test_networks_may_be_given_as_one_string() -> None:
    """An environment variable can't hold a list."""
    settings = ForwardedSettings.model_validate(
        {"trusted_proxies": "10.0.0.0/8, fd00::/8,192.0.2.1"}
    )
    assert [str(one) for one in settings.trusted_proxies] == [*TRUSTED, "192.0.2.1/32"]


class Seen:
    """An application that records the client addresses it sees."""

    address = ""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        del receive, send
        self.address = scope["client"][0]


@pytest.mark.anyio
async def test_a_change_of_the_proxies_applies_to_the_next_request(tmp_path: Path) -> None:
    def write(proxies: list[str]) -> None:
        tree = {"server": {"forwarded": {"trusted-proxies": proxies}}}
        (tmp_path / "application.yaml").write_text(yaml.safe_dump(tree))

    async def asked() -> str:
        headers = [(b"x-forwarded-for", CLIENT.encode())]
        scope = {"type": "http", "client": (PROXY, 1), "headers": headers}
        await layer(scope, _no_body, _no_response)
        return seen.address

    write([])
    live = LiveConfig.load(ConfigSource("sample", config_dir=tmp_path), ServiceSettings)
    seen = Seen()
    layer = SourceAddress(seen, live=live)
    assert await asked() == PROXY

    write(TRUSTED)
    await live.reload_if_changed()
    assert (await asked(), live.status.restart_required) == (CLIENT, False)


async def _no_body() -> Message:
    raise AssertionError("no body is read")


async def _no_response(_: Message) -> None:
    raise AssertionError("no response is sent")


@pytest.mark.timeout(PATIENCE_S)
def test_white_space_in_a_header_takes_linear_time() -> None:
    """Up to an element's bound it took 40 ms of the event loop; without one, minutes."""
    assert not list(forwarded._pairs(" " * 100_000 + "x"))
