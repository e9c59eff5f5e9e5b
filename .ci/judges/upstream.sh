#!/usr/bin/env bash
# Another local AWS behind the sandbox: moto or LocalStack is started, the
# sandbox in front of it, and upstream.py runs the whole story through both and
# looks at the upstream itself for what was delivered.
# usage: upstream.sh moto|localstack PATH-OF-PYTHON PATH-OF-AWS (trailctl is on
# PATH). The Python has moto[server] or localstack-core[runtime], and boto3.
# Where it has not, this is skipped, and fails with TRAILCTL_BENCH=required.
set -euo pipefail
kind=$1 python=$2 aws=$3
patience=120 # seconds that the upstream gets to start
here=$(cd "$(dirname "$0")" && pwd)

case $kind in
moto) package=moto.server ;;
localstack) package=localstack.runtime ;;
*) echo "usage: upstream.sh moto|localstack PYTHON AWS"; exit 2 ;;
esac

# LocalStack's services are written for Python 3.13; older ones find the
# package and answer every call with an error.
wanted='import sys, importlib.util as u, boto3
assert u.find_spec(sys.argv[1]); assert sys.argv[1] != "localstack.runtime" or sys.version_info >= (3, 13)'
if ! [ -x "$python" ] || ! "$python" -c "$wanted" "$package" 2>/dev/null; then
  if [ "${TRAILCTL_BENCH:-}" = required ]; then
    echo "FAILED: $kind cannot be had from $python"
    exit 1
  fi
  echo "skipped: $kind cannot be had from $python"
  exit 0
fi

tmp=$(mktemp -d)
server=
stop() {
  if [ -n "$server" ]; then
    # A session of its own: LocalStack starts programs that outlive it, and may
    # take its time to end.
    kill -TERM -- "-$server" 2>/dev/null || true
    for _ in $(seq 1 20); do
      kill -0 -- "-$server" 2>/dev/null || break
      sleep 0.1
    done
    kill -KILL -- "-$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$tmp"
}
trap stop EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
fail() { echo "FAILED: $*"; tail -n 30 "$tmp/upstream.log"; exit 1; }

read -r port first last < <("$python" - "${TRAILCTL_PORTS:-}" <<'P'
import random, socket, sys
# One port for the upstream, fifty in a row for programs that LocalStack starts.
low, high = map(int, sys.argv[1].split("-")) if sys.argv[1] else (20000, 31900)
def free(p):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", p)) != 0
while not free(p := random.randrange(low, high - 51)): pass
print(p, p + 1, p + 50)
P
)
url=http://127.0.0.1:$port
mkdir "$tmp/home"
export AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_PAGER=
began=$SECONDS
case $kind in
moto)
  health=$url/moto-api/
  setsid "$python" -m moto.server -H 127.0.0.1 -p "$port" >"$tmp/upstream.log" 2>&1 &
  ;;
localstack)
  health=$url/_localstack/health
  # No events to its makers, no certificate fetched, no DNS server; its other
  # web server would listen on every address of the machine.
  HOME=$tmp/home GATEWAY_SERVER=hypercorn GATEWAY_LISTEN=127.0.0.1:$port FILESYSTEM_ROOT=$tmp/localstack \
    EXTERNAL_SERVICE_PORTS_START=$first EXTERNAL_SERVICE_PORTS_END=$last \
    DISABLE_EVENTS=1 SQS_DISABLE_CLOUDWATCH_METRICS=1 SKIP_SSL_CERT_DOWNLOAD=1 DNS_ADDRESS=0 \
    setsid "$python" -m localstack.runtime.main >"$tmp/upstream.log" 2>&1 &
  ;;
esac
server=$!
until "$python" -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1], timeout=2)' "$health" 2>/dev/null; do
  kill -0 "$server" 2>/dev/null || fail "$kind ended while it started"
  [ $((SECONDS - began)) -lt "$patience" ] || fail "$kind does not answer after $patience s"
  sleep 0.3
done
echo "$kind answers after $((SECONDS - began)) s"

"$python" "$here/upstream.py" "$kind" "$url" "$aws" "$tmp" || { kill -0 "$server" 2>/dev/null || tail -n 30 "$tmp/upstream.log"; exit 1; }
memory=$(ps -o rss= -p "$server" || true)
echo "$kind: $((SECONDS - began)) s in all, $((${memory:-0} / 1024)) MiB at the end"
