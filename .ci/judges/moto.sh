#!/usr/bin/env bash
# moto stands for any AWS that is not our own sandbox: trailctl provisions
# trails there, with everything around them, twice; changes, stops and deletes
# them; looks at them; and says in a sentence what moto does not know.
# usage: moto.sh PATH-OF-PYTHON-WITH-MOTO (trailctl is on PATH)
set -euo pipefail
python=$1
tmp=$(mktemp -d)
port=$("$python" -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
"$python" -m moto.server -H 127.0.0.1 -p "$port" >"$tmp/moto.log" 2>&1 &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$tmp"' EXIT
fail() { echo "FAILED: $*"; tail -n 20 "$tmp/moto.log"; exit 1; }
passed=0
pass() { passed=$((passed + 1)); echo "ok: $*"; }

export AWS_ENDPOINT_URL=http://127.0.0.1:$port AWS_ACCESS_KEY_ID=test AWS_SECRET_ACCESS_KEY=test AWS_REGION=us-east-1 AWS_DEFAULT_REGION=us-east-1
export AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null AWS_EC2_METADATA_DISABLED=true
for _ in $(seq 1 100); do
  "$python" -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1])' "$AWS_ENDPOINT_URL/moto-api/" 2>/dev/null && break
  sleep 0.2
done

trailctl trail create judged --bucket judged-logs --output json >"$tmp/first.json" || fail "trail create"
pass "trail create"
trailctl trail create judged --bucket judged-logs --output json >"$tmp/second.json" || fail "trail create, again"
"$python" - "$tmp/first.json" "$tmp/second.json" <<'P' || fail "the second trail create changed something"
import json, sys
first, second = (json.load(open(p)) for p in sys.argv[1:])
assert first["changed"] is True, first
assert second["changed"] is False, second
assert first["trail"] == second["trail"], (first["trail"], second["trail"])
P
pass "trail create again changes nothing"

# moto itself must hold what was asked for.
"$python" - <<'P' || fail "moto does not hold the trail that was asked for"
import boto3, json, os
url = os.environ["AWS_ENDPOINT_URL"]
trail = boto3.client("cloudtrail", "us-east-1", endpoint_url=url).get_trail(Name="judged")["Trail"]
assert trail["S3BucketName"] == "judged-logs" and trail["IsMultiRegionTrail"] and trail["LogFileValidationEnabled"], trail
s3 = boto3.client("s3", "us-east-1", endpoint_url=url)
policy = json.loads(s3.get_bucket_policy(Bucket="judged-logs")["Policy"])
sids = {s["Sid"] for s in policy["Statement"]}
assert sids == {"AWSCloudTrailAclCheck20150319", "AWSCloudTrailWrite20150319"}, sids
block = s3.get_public_access_block(Bucket="judged-logs")["PublicAccessBlockConfiguration"]
assert all(block.values()) and len(block) == 4, block
P
pass "moto holds the trail, the bucket, its policy and its public access block"

trailctl trail list --output json >"$tmp/list.json" || fail "trail list"
grep -q '"judged"' "$tmp/list.json" || fail "trail list does not show the trail"
pass "trail list"
trailctl trail status judged --output json >"$tmp/status.json" || fail "trail status"
pass "trail status"

# moto delivers nothing, so log files are put there as CloudTrail would.
"$python" - <<'P'
import boto3, gzip, json, os
s3 = boto3.client("s3", "us-east-1", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
for i in range(20):
    record = {"eventVersion": "1.11", "eventID": f"id-{i}", "eventName": "GetCallerIdentity", "eventSource": "sts.amazonaws.com",
              "eventTime": f"2026-01-15T09:{i:02}:00Z", "awsRegion": "us-east-1", "sourceIPAddress": "192.0.2.1"}
    s3.put_object(Bucket="judged-logs", Body=gzip.compress(json.dumps({"Records": [record]}).encode()),
                  Key=f"AWSLogs/123456789012/CloudTrail/us-east-1/2026/01/15/123456789012_CloudTrail_us-east-1_20260115T09{i:02}Z_{i:016}.json.gz")
P
trailctl logs download judged --start-time 2026-01-15 --end-time 2026-01-16 --dest "$tmp/copy" --output json >"$tmp/download.json" || fail "logs download"
n=$(find "$tmp/copy" -name '*_CloudTrail_*.json.gz' | wc -l)
[ "$n" = 20 ] || fail "$n of 20 log files were downloaded"
pass "logs download: 20 of 20 log files"
n=$(trailctl logs view "$tmp/copy" --output jsonl | wc -l)
[ "$n" = 20 ] || fail "$n of 20 records were read"
pass "logs view: 20 of 20 records"
echo "$passed passed, 0 failed"

# Everything around a trail, and what moto lacks.
"$python" -c 'import sys, urllib.request; urllib.request.urlopen(sys.argv[1] + "/moto-api/reset", data=b"")' "$AWS_ENDPOINT_URL"
"$python" "$(dirname "$0")/moto_provision.py" || fail "what was provisioned on moto"
