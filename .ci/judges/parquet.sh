#!/usr/bin/env bash
# Programs that this project did not write judge what "logs export" writes:
# DuckDB and Arrow read the Parquet files, DuckDB the CSV and the JSON Lines,
# and their counts must be jq's from the log files; OCSF events must hold
# against the JSON schema of their class.
# usage: parquet.sh PATH-OF-PYTHON [FOLDER]   (trailctl and jq are on PATH; Python
# has duckdb, pyarrow, pytz, ocsf-json-schema and jsonschema; FOLDER holds log
# files, gzipped; without it a sandbox makes some)
set -euo pipefail
python=$1
here=$(cd "$(dirname "$0")" && pwd)
corpus=${2:-}
if [ -z "$corpus" ] && [ -z "${IN_SANDBOX:-}" ]; then
  exec env IN_SANDBOX=1 trailctl sandbox exec -- bash "$here/$(basename "$0")" "$@"
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

if [ -z "$corpus" ]; then
  trailctl trail create judged --bucket judged-logs >/dev/null 2>"$tmp/create.err" || { cat "$tmp/create.err"; fail "trail create"; }
  for i in $(seq 1 5); do
    trailctl trail list >/dev/null
    trailctl trail show judged >/dev/null
    trailctl bucket show judged-logs >/dev/null
    trailctl trail status nobody >/dev/null 2>&1 || true
    trailctl sandbox advance 7h >/dev/null
  done
  trailctl logs download judged --dest "$tmp/logs" --no-digests >/dev/null 2>"$tmp/download.err" || { cat "$tmp/download.err"; fail "logs download"; }
  corpus=$tmp/logs
fi
for form in "parquet --split hour --max-rows 50000" "csv --raw" "csv --compress gzip --split none" "jsonl --compress zstd" "jsonl --compress gzip" "ocsf --raw"; do
  read -r format how <<<"$form"
  # shellcheck disable=SC2086 # the rest is several words
  trailctl logs export "$corpus" --format $form --dest "$tmp/$format$(tr -dc a-z <<<"$how")" --output json >"$tmp/export.json" 2>"$tmp/export.err" || { cat "$tmp/export.err"; fail "logs export $form"; }
  jq -e '.recordsWritten == .recordsRead and .recordsWritten > 0 and (.recordsWritten == ([.files[].records] | add))' "$tmp/export.json" >/dev/null || { cat "$tmp/export.json"; fail "the numbers of $form do not add up"; }
done

# What jq counts in the log files themselves.
find "$corpus" -name '*.json.gz' -path '*/CloudTrail*/*' ! -path '*/CloudTrail-Digest/*' -print0 | xargs -0 gzip -dc |
  jq -c '.Records[] | [.eventName, .eventSource, .awsRegion, .eventTime, .errorCode, .readOnly, .userIdentity.arn, .userIdentity.sessionContext.sessionIssuer.userName, .requestParameters, (.resources | if . == null then null else [.[].ARN] end), .eventID]' >"$tmp/truth.jsonl"
"$python" "$here/parquet.py" "$tmp"
