"""Mutated JWTs: none is accepted that the authorization server has not signed for this service.

Each round makes one token that is wrong in one way, and a valid one now and then, so that a check
that refuses everything fails too.
"""

import asyncio
import base64
import hmac
import json
import random
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from chassis import LiveConfig, ServiceSettings
from chassis.errors import InvalidToken
from chassis.jwt.compact import encoded
from chassis.jwt.keys import SignatureKey, read_key_set
from chassis.token_services.signed import SignedTokenServices
from fuzz.conftest import Rounds
from jwts import ISSUER, SERVICE, claims, key, key_set, signed

KEYS = {name: key(name) for name in ("ES256", "EdDSA", "RS256")}
OTHERS = {name: key(name, 1) for name in KEYS}
PUBLISHED = read_key_set(key_set(*KEYS.values()))
LIVE = LiveConfig.fixed(
    ServiceSettings(
        security={
            "oauth2": {
                "resource": {
                    "id": SERVICE,
                    "jwk": {"key_set_uri": "http://cas-server-service/oauth/jwks"},
                    "jwt": {"issuer": ISSUER},
                    "token_mode": "jwt",
                }
            }
        }
    )
)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \n"
JUNK = ("", "AA", "e30", "bnVsbA", "W10", "eyJhbGciOiJub25lIn0")


class Published:
    """The keys that were published, without a server."""

    async def find(self, key_id: str) -> SignatureKey | None:
        return PUBLISHED.get(key_id)

    async def aclose(self) -> None:
        pass


def services() -> SignedTokenServices:
    made = SignedTokenServices(LIVE, caller=None)  # type: ignore[arg-type]  # no key is fetched
    made._keys = Published()  # type: ignore[assignment]  # the same port
    return made


class Maker:
    """Makes one token of a kind from a random generator."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.name = rng.choice(list(KEYS))
        self.key, self.other = KEYS[self.name], OTHERS[self.name]
        self.claims = claims(jti=str(rng.random()))
        self.good = signed(self.claims, self.key)
        self.head, self.body, self.signature = self.good.split(".")

    def one_character(self) -> str:
        """Change, remove or add a character anywhere."""
        place = self.rng.randrange(len(self.good))
        new = self.rng.choice(ALPHABET)
        return self.rng.choice(
            (
                self.good[:place] + new + self.good[place + 1 :],
                self.good[:place] + self.good[place + 1 :],
                self.good[:place] + new + self.good[place:],
            )
        )

    def one_bit(self) -> str:
        """Flip a bit of the header, the claims or the signature."""
        parts = [bytearray(_raw(part)) for part in self.good.split(".")]
        part = self.rng.choice(parts)
        part[self.rng.randrange(len(part))] ^= 1 << self.rng.randrange(8)
        return ".".join(encoded(bytes(one)).decode() for one in parts)

    def truncated(self) -> str:
        """Cut at either end."""
        cut = self.rng.randrange(1, len(self.good))
        return self.rng.choice((self.good[:cut], self.good[cut:]))

    def padded(self) -> str:
        """Add padding, white space, or bits that no byte uses."""
        last = ALPHABET.index(self.good[-1])
        return self.rng.choice(
            (
                self.good + "=" * self.rng.randrange(1, 4),
                self.good + self.rng.choice((" ", "\n", ".", ".e30", "\0")),
                self.head + "=." + self.body + "." + self.signature,
                # One bit of the last character is unused in each of the three lengths here.
                self.good[:-1] + ALPHABET[last ^ 1],
            )
        )

    def parts(self) -> str:
        """Exchange, repeat, empty or replace parts."""
        parts = [self.head, self.body, self.signature, *JUNK]
        return ".".join(self.rng.choice(parts) for _ in range(self.rng.choice((2, 3, 3, 3, 4))))

    def unsigned(self) -> str:
        """Strip the signature, or say that there is none."""
        none = self.rng.choice(("none", "None", "NONE", "nOnE", ""))
        head = _b64({"alg": none, "kid": self.key.id, "typ": "at+jwt"})
        return self.rng.choice(
            (f"{head}.{self.body}.", f"{head}.{self.body}.{self.signature}", f"{head}.{self.body}")
        )

    def other_algorithm(self) -> str:
        """Sign well, under a header with another algorithm."""
        others = ["none", "HS256", "ES384", "ES512", "PS256", "RS512", "Ed25519", *KEYS]
        others.remove(self.name)
        return signed(self.claims, self.key, alg=self.rng.choice(others))

    def confused(self) -> str:
        """Sign with the public key as the secret of HMAC."""
        public = self.key.key
        secret = self.rng.choice(
            (
                public.as_pem(private=False),
                public.as_pem(private=False).strip(),
                public.as_der(private=False),
                json.dumps(public.as_dict(private=False)).encode(),
                b"",
            )
        )
        size = self.rng.choice(("256", "384", "512"))
        alg = self.rng.choice((f"HS{size}", self.name))
        head = _b64({"alg": alg, "kid": self.key.id, "typ": "at+jwt"})
        message = f"{head}.{self.body}".encode()
        mac = hmac.digest(secret, message, f"sha{size}")
        return f"{message.decode()}.{encoded(mac).decode()}"

    def other_key(self) -> str:
        """Sign with the key of another issuer, under this one's key id."""
        return signed(
            self.claims, self.other, kid=self.rng.choice([one.id for one in KEYS.values()])
        )

    def unknown_key(self) -> str:
        """Sign well with a key that nobody publishes, or under an id that is no id."""
        ids = [self.other.id, "", "../keys", "0", self.key.id + " ", self.key.id[:-1], None, 1]
        return signed(self.claims, self.other, kid=self.rng.choice(ids))

    def embedded(self) -> str:
        """Bring the key along, or a place where it is."""
        jwk = self.other.key.as_dict(private=False)
        brought: Mapping[str, Any] = self.rng.choice(
            (
                {"jwk": jwk},
                {"jku": "http://127.0.0.1:1/jwks"},
                {"x5u": "http://127.0.0.1:1/x5u"},
                {"x5c": ["AAAA"]},
                {"crit": ["exp"]},
                {"crit": []},
                {"b64": False, "crit": ["b64"]},
                {"zip": "DEF"},
                {"cty": "JWT"},
            )
        )
        by = self.rng.choice((self.other, self.key))
        return signed(self.claims, by, **{"kid": self.key.id, **brought})

    def twice(self) -> str:
        """Have a name twice, in the header or in the claims."""
        head = {"alg": self.name, "kid": self.key.id, "typ": "at+jwt"}
        name = self.rng.choice(["alg", "kid", "typ"])
        other = json.dumps({name: self.rng.choice((head[name], "none"))})
        texts = [json.dumps(head), json.dumps(self.claims)]
        if self.rng.random() < 0.5:
            texts[0] = self.rng.choice(
                (other[:-1] + "," + texts[0][1:], texts[0][:-1] + "," + other[1:])
            )
        else:
            claim = self.rng.choice(list(self.claims))
            again = json.dumps({claim: self.claims[claim]})
            texts[1] = texts[1][:-1] + "," + again[1:]
        message = b".".join(encoded(text.encode()) for text in texts)
        return f"{message.decode()}.{encoded(self.key.sign(message)).decode()}"

    def other_signature(self) -> str:
        """Have a signature of another form, size or curve, or of other claims."""
        message = f"{self.head}.{self.body}".encode()
        size = len(_raw(self.signature))
        bad = self.rng.choice(
            (
                bytes(size),
                b"\xff" * size,
                bytes(2 * size),
                self.key.sign(message + b" "),
                self.key.sign(self.body.encode()),
                OTHERS[self.rng.choice(list(KEYS))].sign(message),
                _raw(self.signature)[::-1],
                _raw(self.signature) + b"\0",
                b"\x30\x06\x02\x01\x01\x02\x01\x01",
                self.rng.randbytes(size),
            )
        )
        return f"{message.decode()}.{encoded(bad).decode()}"

    def other_claims(self) -> str:
        """Sign well what is not for this service, of this issuer, of this type, or of this time."""
        now = int(time.time())
        changes: list[Mapping[str, Any]] = [
            {"iss": self.rng.choice((None, ISSUER + "/", ISSUER.upper(), [ISSUER], "http://evil"))},
            {
                "aud": self.rng.choice(
                    (None, [], "", "stock-service", [SERVICE + " "], {}, [[SERVICE]])
                )
            },
            {"exp": self.rng.choice((None, 0, -1, now - 60, str(now + 60), True, [], 1e300 * -1))},
            {"nbf": self.rng.choice((now + 600, "0", True, []))},
            {"iat": self.rng.choice((now + 600, "0", {}))},
            {"sub": self.rng.choice((None, "", 0, ["alice"]))},
            {"client_id": self.rng.choice((None, "", 0, ["demo-app"]))},
            {"user_name": self.rng.choice(("", 0, ["admin"], {}))},
            {"scope": self.rng.choice((0, {}, [1]))},
            {"authorities": self.rng.choice((0, {}, [1], [None]))},
        ]
        if self.rng.random() < 0.2:
            typ = self.rng.choice(("JWT", "id_token", "", None, "at+jwt+jwt", "logout+jwt"))
            return signed(self.claims, self.key, typ=typ)
        return signed(claims(**self.rng.choice(changes)), self.key)


KINDS: Mapping[str, Callable[[Maker], str]] = {
    name: make for name, make in vars(Maker).items() if callable(make) and not name.startswith("_")
}


def _raw(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))


def _b64(fields: Mapping[str, Any]) -> str:
    return encoded(json.dumps(fields).encode()).decode()


def test_no_mutated_token_is_accepted(rounds: Rounds) -> None:
    """docs/design/signed-tokens.md, "Checks"."""
    asyncio.run(_judge(rounds))


async def _judge(rounds: Rounds) -> None:
    checked, seen = services(), Counter[str]()
    for rng in rounds:
        maker = Maker(rng)
        if rng.random() < 0.05:
            assert (await checked.authenticate(maker.good)).user_name == "alice"
            continue
        kind = rng.choice(list(KINDS))
        token = KINDS[kind](maker)
        if token == maker.good:  # a character that was replaced by itself
            continue
        seen[kind] += 1
        with pytest.raises(InvalidToken):
            await checked.authenticate(token)
    print(dict(seen))  # noqa: T201 - what a failed run had seen
