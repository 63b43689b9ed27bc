#!/bin/sh
# Ready: the primary, and a replica that follows it.
set -eu
. "${SCRIPTS:=/etc/redis}/lib.sh"

operator role |
  awk 'NR == 1 { role = $1 } NR == 4 { link = $1 } END { exit !(role == "master" || (role == "slave" && link == "connected")) }'
# The rank of the next start; until then all that are in sync are as good as each other.
touch "$DATA/in-sync"
if [ ! -e "$RUN/ranked" ]; then
  operator config set replica-priority 100 >/dev/null
  touch "$RUN/ranked"
fi
