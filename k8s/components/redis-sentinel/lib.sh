# shellcheck shell=sh
# What the scripts of this component share. The tests run them as they are, on loopback addresses.

# One name a pod, each a Service of its own (nodes.yaml): an address that outlives the pod.
: "${NODES:=redis-node-0 redis-node-1 redis-node-2}"
: "${SENTINELS:=redis-sentinel-node-0 redis-sentinel-node-1 redis-sentinel-node-2}"
# shellcheck disable=SC3028  # the container runtime sets HOSTNAME
: "${ORDINAL:=${HOSTNAME##*-}}"
: "${SCRIPTS:=/etc/redis}"
: "${SECRETS_DIR:=/etc/suite/secrets}"
: "${DATA:=/data}"
: "${RUN:=/run/redis}"
# Where the server listens; by it this pod's scripts reach it, too.
: "${LISTEN:=0.0.0.0}"
MASTER=suite
QUORUM=2
umask 077

say() {
  echo "$(basename "$0"): $*" >&2
}

# Print a password. Redis would take an empty one, and read a space or a quote as more than that.
secret() {
  text=$(cat "$SECRETS_DIR/$1")
  case $text in
    "" | *[[:space:]\"\'\\]*)
      say "$SECRETS_DIR/$1 has to be one word, without quotes and backslashes"
      return 1
      ;;
  esac
  echo "$text"
}

# Print the nth of some words, counted from 0.
nth() {
  shift "$(($1 + 1))"
  echo "$1"
}

# Print the IPv4 address of a name; nothing where there is none.
address() {
  getent ahostsv4 "$1" | awk 'NR == 1 { print $1 }'
}

# Wait for the own address: a new Service's name takes a moment to be known.
own_address() {
  until own=$(address "$1") && [ -n "$own" ]; do
    say "waiting for the name $1"
    sleep 1
  done
  echo "$own"
}

# Send a command to a server of this component; fails without a reply within a second.
ask() {
  host=$1 port=$2
  shift 2
  REDISCLI_AUTH=$(secret sentinel-password) \
    timeout 1 redis-cli --user sentinel -h "$host" -p "$port" "$@" 2>/dev/null
}

# Ask this pod's own Redis, with rights that no one outside of the pod has.
operator() {
  REDISCLI_AUTH=$(cat "$RUN/operator-password") \
    timeout 3 redis-cli --user operator -h "$LISTEN" "$@" 2>/dev/null
}

# Ask all Sentinels at once, and print what each says.
ask_sentinels() {
  for sentinel in $SENTINELS; do
    ask "$sentinel" 26379 "$@" &
  done
  wait
}

# Print the address of the primary that most Sentinels name; nothing where they do not agree.
named_primary() {
  ask_sentinels sentinel get-master-addr-by-name "$MASTER" |
    awk -v quorum="$QUORUM" '/^[0-9.]+\.[0-9]+$/ && ++named[$1] == quorum { print $1; exit }'
}

# Say whether this is the first start of all: most Sentinels have never seen a replica, and none
# has. One that does not reply counts as neither.
first_start() {
  ask_sentinels sentinel master "$MASTER" |
    awk -v quorum="$QUORUM" '
      counted { if ($1 > 0) seen = 1; else never++ }
      { counted = $1 == "num-slaves" }
      END { exit seen || never < quorum }'
}
