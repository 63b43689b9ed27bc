#!/bin/sh
# Start Redis in the role that the Sentinels give it.
#
# A primary that comes back within a moment may lack what it acknowledged (its file is synced once
# a second) and one with an empty disk would wipe its replicas. So nobody resumes as primary: who
# was it waits until the Sentinels have made another one, and follows that. The first start of all
# is told by Sentinels that agree on this one and have never seen a replica.
set -eu
. "${SCRIPTS:=/etc/redis}/lib.sh"
trap 'exit 0' TERM

# Read here, where a missing one ends the script.
cas_server_password=$(secret cas-server-password)
cas_server_rights=$(cat "$SCRIPTS/cas-server.acl")
default_rights=$(cat "$SCRIPTS/default.acl")
replication_password=$(secret replication-password)
sentinel_password=$(secret sentinel-password)

# shellcheck disable=SC2086  # a list of words
own=$(own_address "$(nth "$ORDINAL" $NODES)")

said=
once() {
  if [ "$1" != "$said" ]; then
    say "$1"
    said=$1
  fi
}

while :; do
  primary=$(named_primary)
  case $primary in
    "") once "waiting until $QUORUM Sentinels agree on a primary" ;;
    "$own")
      first_start && break
      once "was the primary; waiting until a replica has taken over"
      ;;
    *) break ;;
  esac
  sleep 0.2
done

# After a restart of all nobody knows who had read how far, and the Sentinels would take any: the one
# that was in sync last is best (the lower, the better), and one that never was is none (0).
rm -f "$RUN/ranked"
priority=0
if [ -e "$DATA/in-sync" ]; then
  priority=$((2147483647 - $(stat -c %Y "$DATA/in-sync")))
fi

# Known to this pod alone, for its own probe and its own farewell.
od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$RUN/operator-password"

cat >"$RUN/users.acl" <<ACL
user default $default_rights
user cas-server on >$cas_server_password $cas_server_rights
user replication on >$replication_password +psync +replconf +ping
user sentinel on >$sentinel_password allchannels +multi +exec +slaveof +ping +info +role +publish +subscribe +config|rewrite +client|setname +client|kill +script|kill
user operator on >$(cat "$RUN/operator-password") resetchannels &handover +publish +multi +exec +wait +config|set +role +ping
ACL

cat >"$RUN/redis.conf" <<CONF
include $SCRIPTS/redis.conf
bind $LISTEN
dir $DATA
aclfile $RUN/users.acl
masteruser replication
masterauth $replication_password
replica-announce-ip $own
replica-priority $priority
CONF
if [ "$primary" = "$own" ]; then
  say "starting as the first primary"
else
  say "following $primary"
  echo "replicaof $primary 6379" >>"$RUN/redis.conf"
fi
exec redis-server "$RUN/redis.conf"
