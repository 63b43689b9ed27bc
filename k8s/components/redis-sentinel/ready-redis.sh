#!/bin/sh
# Ready: the primary, and a replica that follows it.
set -eu
. "${SCRIPTS:=/etc/redis}/lib.sh"

REDISCLI_AUTH=$(cat "$RUN/operator-password") \
  timeout 2 redis-cli --user operator -h "$LISTEN" role |
  awk 'NR == 1 { role = $1 } NR == 4 { link = $1 } END { exit !(role == "master" || (role == "slave" && link == "connected")) }'
