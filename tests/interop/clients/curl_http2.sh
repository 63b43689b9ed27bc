#!/bin/sh
# curl --http2: on plain http it offers h2c with each request.
set -eu
cas=$1 rest=$2 pair=$3 bearer=$4
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
{ printf '{"said":"'; head -c 40000 /dev/zero | tr '\0' x; printf '"}'; } >"$folder/echo"

say() {
  call=$1; shift
  curl --silent --show-error --http2 --output "$folder/body" --write-out "$call\t%{http_code}\t" "$@"
  cat "$folder/body"; echo
}

say token -u "$pair" -d grant_type=client_credentials "$cas/oauth/token"
say introspect -u "$pair" -d "token=$bearer" "$cas/oauth/introspect"
say check_token -u "$pair" -d "token=$bearer" "$cas/oauth/check_token"
set -- -H "Authorization: Bearer $bearer" -H "Content-Type: application/json"
say echo "$@" --data-binary "@$folder/echo" "$rest/api/echo"
say chunked "$@" -H "Transfer-Encoding: chunked" --data-binary "@$folder/echo" "$rest/api/echo"
