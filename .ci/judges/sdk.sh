#!/usr/bin/env bash
# The SDKs of three languages judge what the sandbox records: each creates a
# trail, makes ten calls of six services (three of them fail), finds each call
# with LookupEvents, exactly once, by its name and by the request id that its
# caller was given, and again in the delivered log files. With UPSTREAM=URL
# the calls go to that AWS, through the sandbox in front of it.
# usage: sdk.sh PATH-OF-PYTHON-WITH-BOTO3 FOLDER (trailctl, go and npm are on PATH; the JavaScript SDK is installed into FOLDER)
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=$1 folder=$2
mkdir -p "$folder"

# install puts the JavaScript SDK into the folder, which may have it already.
install() {
  command -v npm >/dev/null || { echo "npm is not installed"; return 1; }
  [ ! -d "$folder/node_modules" ] || ! cmp -s "$here/sdk.package.json" "$folder/package.json" || return 0
  cp "$here/sdk.package.json" "$folder/package.json"
  (cd "$folder" && timeout 300 npm install --no-audit --no-fund --loglevel=error) >"$folder/npm.log" 2>&1 || { rm -rf "$folder/node_modules"; tail -n 3 "$folder/npm.log"; return 1; }
}

if [ -z "${IN_SANDBOX:-}" ]; then
  if reason=$(install); then
    export SDK_JAVASCRIPT=yes
  else
    echo "skipped: JavaScript: $reason"
    [ "${TRAILCTL_BENCH:-}" != required ] || exit 1
  fi
  exec env IN_SANDBOX=1 trailctl sandbox exec --regions us-east-1,eu-west-1 --log-interval 1s ${UPSTREAM:+--upstream "$UPSTREAM"} -- bash "$0" "$@"
fi

echo "calls go to ${UPSTREAM:-the services of the sandbox}"
(cd "$here/../.." && TRAILCTL_SDK_ENDPOINT=$AWS_ENDPOINT_URL go test -count=1 -run '^TestSDKFindsItsCalls$' -v ./internal/cli) | sed -n 's/^ *sandbox_sdk_test.go:[0-9]*: //p; /^--- FAIL/p; /^FAIL/p; /^    --- FAIL/p'
"$python" "$here/sdk.py"
[ -z "${SDK_JAVASCRIPT:-}" ] || NODE_NO_WARNINGS=1 node "$here/sdk.mjs" "$folder"
