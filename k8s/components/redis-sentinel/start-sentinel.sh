#!/bin/sh
# Start a Sentinel on what it remembers: its identity, its votes, and who is primary.
#
# The rest of its file is written anew, so that changed secrets and settings take effect. A
# Sentinel that remembers nothing asks the others, then every Redis; where none of them knows,
# the first Redis becomes primary.
set -eu
. "${SCRIPTS:=/etc/redis}/lib.sh"

# Read here, where a missing one ends the script.
cas_server_password=$(secret cas-server-password)
sentinel_password=$(secret sentinel-password)

# shellcheck disable=SC2086  # a list of words
own=$(own_address "$(nth "$ORDINAL" $SENTINELS)")
file=$DATA/sentinel.conf

nodes=
for node in $NODES; do
  nodes="$nodes $(own_address "$node")"
done

# Print who should be watched as primary.
primary() {
  named=$(ask_sentinels sentinel get-master-addr-by-name "$MASTER" | awk '/^[0-9.]+$/ && /\./ { print $1; exit }')
  for node in $nodes; do
    if [ -z "$named" ] && [ "$(ask "$node" 6379 role | head -n 1)" = master ]; then
      named=$node
    fi
  done
  # shellcheck disable=SC2086  # a list of words
  echo "${named:-$(nth 0 $nodes)}"
}

state=
if [ -e "$file" ]; then
  state=$(grep -E '^sentinel (myid|monitor|(config|leader|current)-epoch|known-(replica|sentinel)) ' "$file" || :)
fi
watched=$(echo "$state" | awk '$2 == "monitor" { print $4 }')
case "$nodes " in
  *" ${watched:-none} "*) ;;
  # Nothing remembered, or the addresses of another life: Services made anew.
  *) state="sentinel monitor $MASTER $(primary) 6379 $QUORUM" ;;
esac
case $state in
  *"sentinel myid "*) ;;
  # Always the same: under another name it would be a voter more, and who is left with two of four
  # makes nobody primary.
  *)
    state="sentinel myid $(printf '%040d' "$((ORDINAL + 1))")
$state"
    ;;
esac

# A Sentinel connects anew to each new primary. The kernel repeats a lost first packet after a second:
# whoever is taken for dead by then is alive, and takes writes that the next primary does not have.
down_after_ms=1500

cat >"$file.new" <<CONF
port 26379
bind $LISTEN
dir $DATA
user default off
user sentinel on >$sentinel_password ~* allchannels +@all
user cas-server on >$cas_server_password +sentinel|get-master-addr-by-name +ping +client|setname
sentinel sentinel-user sentinel
sentinel sentinel-pass $sentinel_password
sentinel announce-ip $own
$state
sentinel auth-user $MASTER sentinel
sentinel auth-pass $MASTER $sentinel_password
sentinel down-after-milliseconds $MASTER $down_after_ms
sentinel failover-timeout $MASTER 5000
sentinel parallel-syncs $MASTER 1
CONF
mv "$file.new" "$file"
exec redis-server "$file" --sentinel
