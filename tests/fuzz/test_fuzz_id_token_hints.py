"""Mutated id_tokens: none is taken for a hint that this server has not signed as one.

Each round makes one that is wrong in one way, and a valid one now and then.
"""

import json
import random
import time
from collections.abc import Callable, Mapping
from typing import Any

from cas_server.oidc.id_token_hints import Hint, IdTokenHints
from cas_server.settings import CasSettings
from cas_server.signing.signing_keys import SigningKeys
from chassis import LiveConfig
from chassis.jwt.compact import encoded
from fuzz.conftest import Rounds
from jwts import ISSUER, key, signed
from signing_keys import pem

KEYS = {name: key(name) for name in ("ES256", "EdDSA", "RS256")}
OTHERS = {name: key(name, 1) for name in KEYS}
LIVE = LiveConfig.fixed(CasSettings.model_validate({"signing_keys": {n: pem(n) for n in KEYS}}))
HINTS = IdTokenHints(LIVE, SigningKeys(LIVE))
TYPE = "JWT"
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/=. \n"


class Maker:
    """Makes one text of a kind from a random generator."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.name = rng.choice(list(KEYS))
        now = int(time.time())
        self.claims: dict[str, Any] = {
            "iss": ISSUER,
            "sub": f"user-{rng.random()}",
            "aud": "shop",
            "iat": now - rng.randrange(10_000),
            "exp": now + rng.randrange(-10_000, 10_000),
            "sid": "s",
        }
        self.good = signed(self.claims, KEYS[self.name], typ=TYPE)

    def one_character(self) -> str:
        """Change, remove or add a character anywhere."""
        place, new = self.rng.randrange(len(self.good)), self.rng.choice(ALPHABET)
        after = self.rng.choice((place, place + 1))
        return self.good[:place] + self.rng.choice(("", new)) + self.good[after:]

    def truncated(self) -> str:
        """Cut at either end."""
        cut = self.rng.randrange(1, len(self.good))
        return self.rng.choice((self.good[:cut], self.good[cut:]))

    def exchanged(self) -> str:
        """Have the claims of another user under this signature."""
        head, _, signature = self.good.split(".")
        body = encoded(json.dumps({**self.claims, "sub": "admin"}).encode()).decode()
        return f"{head}.{body}.{signature}"

    def unsigned(self) -> str:
        """Say that there is no signature."""
        none = self.rng.choice(("none", "None", "", "HS256"))
        head = encoded(json.dumps({"alg": none, "kid": "x", "typ": TYPE}).encode()).decode()
        _, body, signature = self.good.split(".")
        return f"{head}.{body}.{self.rng.choice(('', signature))}"

    def other_key(self) -> str:
        """Sign with a key of somebody else, under an id of ours or theirs."""
        other = OTHERS[self.name]
        kid = self.rng.choice((other.id, *(one.id for one in KEYS.values())))
        return signed(self.claims, other, typ=TYPE, kid=kid)

    def other_kind(self) -> str:
        """Sign well what is no id_token."""
        changes: Mapping[str, Any] = self.rng.choice(
            (
                {"client_id": "shop"},
                {"iss": f"{ISSUER}/"},
                {"iss": [ISSUER]},
                {"aud": ["shop"]},
                {"aud": ""},
                {"sub": 7},
                {"sub": None},
            )
        )
        if self.rng.random() < 0.3:
            return signed(
                self.claims, KEYS[self.name], typ=self.rng.choice(("at+jwt", "logout+jwt"))
            )
        return signed({**self.claims, **changes}, KEYS[self.name], typ=TYPE)


KINDS: list[Callable[[Maker], str]] = [
    make for name, make in vars(Maker).items() if callable(make) and not name.startswith("_")
]


def test_no_mutated_hint_names_anybody(rounds: Rounds) -> None:
    """docs/design/openid-connect.md, "Hints"."""
    for rng in rounds:
        maker = Maker(rng)
        if rng.random() < 0.05:
            assert HINTS.read(maker.good) == Hint("shop", maker.claims["sub"], "s")
            continue
        text = rng.choice(KINDS)(maker)
        if text != maker.good:
            assert HINTS.read(text) is None, text
