#!/usr/bin/env bash
# moto judges the sandbox: the AWS CLI makes the same calls of both, and every
# difference of the answers has to stand, with its reason, in the table
# compare/differences.md. The models of the AWS CLI judge the sandbox too: an
# answer holds what they know and what they require, an error is one that they
# declare.
# Nothing falls due for delivery while the calls are made.
# usage: compare.sh PATH-OF-AWS PATH-OF-PYTHON-WITH-MOTO [COMPARE.PY-FLAG...] (trailctl is on PATH)
set -euo pipefail
if [ -z "${IN_SANDBOX:-}" ]; then
  exec env IN_SANDBOX=1 trailctl sandbox exec --log-interval 8760h --digest-interval 8760h -- bash "$0" "$@"
fi
here=$(cd "$(dirname "$0")" && pwd)
awspython=$(dirname "$1")/python
python=$2
shift 2
tmp=$(mktemp -d)
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$python" -m moto.server -H 127.0.0.1 -p "$port" >"$tmp/moto.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$tmp"' EXIT
for _ in $(seq 1 200); do
  "$python" -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1])' "http://127.0.0.1:$port/moto-api/" 2>/dev/null && break
  kill -0 $server 2>/dev/null || { echo "FAILED: moto does not start"; tail -n 20 "$tmp/moto.log"; exit 1; }
  sleep 0.2
done

export TMPDIR=$tmp AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true
export TZ=UTC AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1 AWS_ACCESS_KEY_ID=judge AWS_SECRET_ACCESS_KEY=judge AWS_MAX_ATTEMPTS=1
unset AWS_PROFILE AWS_SESSION_TOKEN
"$awspython" -B "$here/compare.py" "$@" "$AWS_ENDPOINT_URL" "http://127.0.0.1:$port"
