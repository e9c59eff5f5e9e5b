#!/usr/bin/env bash
# The AWS CLI judges what the sandbox delivers: its calls must be recorded and
# delivered, and its own validate-logs must accept the digest chain, then find
# one changed byte. trailctl must say the same.
# usage: awscli.sh PATH-OF-AWS (trailctl is on PATH)
set -euo pipefail
if [ -z "${IN_SANDBOX:-}" ]; then
  exec env IN_SANDBOX=1 trailctl sandbox exec --log-interval 1s --digest-interval 4s -- bash "$0" "$@"
fi
aws=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
fail() { echo "FAILED: $*"; exit 1; }
passed=0
pass() { passed=$((passed + 1)); echo "ok: $*"; }

start=$(date -u +%Y-%m-%dT%H:%M:%SZ)
trailctl trail create judged --bucket judged-logs --output json >"$tmp/create.json" 2>"$tmp/create.err" ||
  { cat "$tmp/create.err"; fail "trail create"; }
arn=$("$aws" cloudtrail get-trail --name judged --query Trail.TrailARN --output text)

# Calls of three services, spread over more than ten log files.
"$aws" s3api create-bucket --bucket judged-data >/dev/null
for i in $(seq 1 12); do
  "$aws" s3api get-bucket-location --bucket judged-data >/dev/null
  "$aws" sts get-caller-identity >/dev/null
  sleep 0.2
done
"$aws" cloudtrail describe-trails >/dev/null
"$aws" s3api get-bucket-policy --bucket judged-data >/dev/null 2>&1 && fail "a bucket without a policy has one"

# What was called stands in the event history ...
for event in CreateBucket GetBucketLocation GetCallerIdentity DescribeTrails GetBucketPolicy; do
  n=$("$aws" cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=$event --query 'length(Events)' --output text)
  [ "$n" -ge 1 ] || fail "$event is not in the event history"
done
pass "aws s3api, sts and cloudtrail calls are in the event history"

# ... and in log files, once they and a digest file after them have come.
digests() { "$aws" s3api list-objects-v2 --bucket judged-logs --prefix AWSLogs/123456789012/CloudTrail-Digest/us-east-1/ --query 'length(Contents||`[]`)' --output text; }
logs() { "$aws" s3api list-objects-v2 --bucket judged-logs --prefix AWSLogs/123456789012/CloudTrail/us-east-1/ --query 'length(Contents||`[]`)' --output text; }
for _ in $(seq 1 60); do
  [ "$(digests)" -ge 4 ] && [ "$(logs)" -ge 12 ] && break
  sleep 0.5
done
echo "delivered: $(logs) log files, $(digests) digest files in us-east-1"
trailctl logs view judged --output jsonl >"$tmp/records.jsonl"
for event in CreateBucket GetBucketLocation GetCallerIdentity DescribeTrails GetBucketPolicy; do
  grep -q "\"eventName\":\"$event\"" "$tmp/records.jsonl" || fail "$event is in no log file"
done
grep -q '"errorCode":"NoSuchBucketPolicy"' "$tmp/records.jsonl" || fail "the failed call has no error code"
pass "the same calls are in the delivered log files ($(wc -l <"$tmp/records.jsonl") records)"

end=$(date -u +%Y-%m-%dT%H:%M:%SZ)
reference() { "$aws" cloudtrail validate-logs --trail-arn "$arn" --start-time "$start" --end-time "$end" --verbose; }

reference >"$tmp/valid.out" 2>&1 || { cat "$tmp/valid.out"; fail "validate-logs finds fault with an untouched trail"; }
grep -q 'digest files valid' "$tmp/valid.out" && ! grep -q INVALID "$tmp/valid.out" || { cat "$tmp/valid.out"; fail "validate-logs did not validate"; }
read -r d l < <(sed -n 's#^\([0-9]*\)/[0-9]* \(digest\|log\) files valid.*#\1#p' "$tmp/valid.out" | tr '\n' ' ') || true
[ "$d" -ge 3 ] && [ "$l" -ge 10 ] || { cat "$tmp/valid.out"; fail "only $d digest files and $l log files were validated"; }
pass "aws cloudtrail validate-logs: $d digest files and $l log files valid"
trailctl validate judged --start-time "$start" --end-time "$end" --output text >"$tmp/ours.out" 2>&1 || { cat "$tmp/ours.out"; fail "trailctl validate"; }
pass "trailctl validate says the same: $(tr '\n' ' ' <"$tmp/ours.out" | cut -c1-160)"

# One byte of one delivered log file that a digest lists.
key=$(sed -n 's#^Log file[[:space:]]*s3://judged-logs/\([^[:space:]]*\)[[:space:]]*valid.*#\1#p' "$tmp/valid.out" | head -n 1)
[ -n "$key" ] || fail "validate-logs named no valid log file"
"$aws" s3api get-object --bucket judged-logs --key "$key" "$tmp/log.gz" >/dev/null
python3 - "$tmp/log.gz" <<'P'
import gzip, sys
text = gzip.decompress(open(sys.argv[1], "rb").read())
open(sys.argv[1], "wb").write(gzip.compress(text.replace(b'"eventVersion":"1', b'"eventVersion":"2', 1)))
P
"$aws" s3api put-object --bucket judged-logs --key "$key" --body "$tmp/log.gz" --content-type application/json --content-encoding gzip >/dev/null

code=0
reference >"$tmp/invalid.out" 2>&1 || code=$?
[ "$code" = 1 ] && grep -q "$key.*INVALID" "$tmp/invalid.out" || { cat "$tmp/invalid.out"; fail "validate-logs: exit code $code after a change"; }
pass "aws cloudtrail validate-logs finds the changed byte, exit code 1"
code=0
trailctl validate judged --start-time "$start" --end-time "$end" --output text >"$tmp/ours.out" 2>&1 || code=$?
[ "$code" = 3 ] && grep -q "$key.*INVALID" "$tmp/ours.out" || { cat "$tmp/ours.out"; fail "trailctl validate: exit code $code after a change"; }
pass "trailctl validate finds the same, exit code 3"
echo "$passed passed, 0 failed"
