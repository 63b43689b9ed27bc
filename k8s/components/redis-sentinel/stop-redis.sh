#!/bin/sh
# Before a primary ends: hand over to a replica that has everything.
#
# Writes are refused first (their callers get 503 and retry), then every replica confirms
# the last one, and only then a Sentinel promotes one of them: nothing acknowledged is left behind.
set -eu
. "${SCRIPTS:=/etc/redis}/lib.sh"

[ "$(operator role | head -n 1)" = master ] || exit 0
# shellcheck disable=SC2086  # a list of words
own=$(own_address "$(nth "$ORDINAL" $NODES)")
# One connection: WAIT counts what this one has sent to the replicas, and nobody writes after it.
operator >/dev/null <<'COMMANDS'
MULTI
PUBLISH handover ""
CONFIG SET min-replicas-to-write 9
EXEC
WAIT 2 1000
COMMANDS
for sentinel in $SENTINELS; do
  if [ "$(ask "$sentinel" 26379 sentinel failover "$MASTER")" = OK ]; then
    break
  fi
done
# The Sentinels tell this one to follow only seconds later; by then it has ended, and with it the
# connections of those who still read here.
deadline=$(($(date +%s) + 10))
while [ "$(named_primary)" = "$own" ] && [ "$(date +%s)" -lt "$deadline" ]; do
  sleep 0.1
done
