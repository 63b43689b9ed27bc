"""Keys that are mounted, removed, added, retired, and told to sign.

The rules of docs/design/decisions/signing-keys.md and identities.md, "Records carry a MAC".
"""

from hypothesis import strategies as st
from hypothesis.stateful import rule

from cas_server.administration.operator_token import new_operator_token
from cas_server.settings import CasSettings
from cas_server.tokens.record_keys import RecordKeys
from chassis import LiveConfig
from chassis.testing import bearer
from fuzz.token_states.comparison import Comparison
from fuzz.token_states.world import REPLICAS

CHANGES = ("sign", "publish", "remove", "seal", "retire")
MOST_SIGNING, MOST_SEALING = 12, 4


class OfKeys(Comparison):
    """What is done to keys."""

    @rule(change=st.sampled_from(CHANGES))
    def change_keys(self, change: str) -> None:
        """Mount, remove, add or retire keys."""
        known = self.known
        match change:
            case "sign" | "publish" if len(known.signing_keys) < MOST_SIGNING:
                known.add_signing_key(2024 if change == "sign" else 2999)
            case "remove":
                known.signing_keys = [known.signing]
            case "seal" if len(known.record_keys) < MOST_SEALING:
                known.add_record_key()
            case "retire":
                self.reference.void_sealed_by(known.record_keys[1:])
                del known.record_keys[1:]
        self.configure()

    @rule(replica=st.integers(0, REPLICAS - 1))
    def rotate(self, replica: int) -> None:
        """Have the next key sign; both replicas know it once they are asked."""
        following = self.known.following()
        keys = RecordKeys(LiveConfig.fixed(CasSettings(record_keys=self.known.record_keys)))
        operator = bearer(new_operator_token(keys))
        reply = self.world.send("POST", "/admin/v1/keys/rotate", replica, **operator)
        assert reply.status == (200 if following else 404), reply
        if following:
            self.known.told.add(following.id)
        for one in range(REPLICAS):
            rows = self.world.send("GET", "/admin/v1/keys", one, **operator).body["keys"]
            signing = {row["kid"] for row in rows if row["state"] == "signs"}
            assert signing == {self.known.signing.id}
