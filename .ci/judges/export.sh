#!/usr/bin/env bash
# Programs that this project did not write judge what "trail export" writes:
# the AWS CLI runs the script in an empty sandbox and must find the same trail
# there; the provider's own schema knows every Terraform argument, and
# terraform, where it is on PATH, has nothing to format; cfn-lint finds nothing
# in the CloudFormation template.
# usage: export.sh PATH-OF-AWS PATH-OF-PYTHON FOLDER (trailctl is on PATH;
# Python has python-hcl2 and cfn-lint; FOLDER keeps the provider's bindings)
set -euo pipefail
aws=$1 python=$2 keep=$3
fail() { echo "FAILED: $*"; exit 1; }

# describe FOLDER: what AWS's own client sees of the trail, its bucket, topic,
# group and role. What no two accounts share is left out.
describe() {
  local to=$1 t='--output json'
  mkdir -p "$to"
  "$aws" cloudtrail get-trail --name judged $t >"$to/trail"
  "$aws" cloudtrail get-trail-status --name judged --query IsLogging $t >"$to/logging"
  "$aws" cloudtrail get-event-selectors --trail-name judged $t >"$to/selectors"
  "$aws" cloudtrail get-insight-selectors --trail-name judged --query InsightSelectors $t >"$to/insights" 2>&1 || true
  "$aws" cloudtrail list-tags --resource-id-list "$("$aws" cloudtrail get-trail --name judged --query Trail.TrailARN --output text)" --query 'sort_by(ResourceTagList[0].TagsList, &Key)' $t >"$to/tags"
  local what
  for what in get-public-access-block get-bucket-ownership-controls get-bucket-encryption get-bucket-versioning get-bucket-logging get-bucket-policy get-bucket-notification-configuration get-bucket-location; do
    "$aws" s3api $what --bucket judged-logs $t >"$to/$what" 2>&1 || true
  done
  "$aws" s3api get-bucket-tagging --bucket judged-logs --query 'sort_by(TagSet, &Key)' $t >"$to/bucket-tags" 2>&1 || true
  local topic=arn:aws:sns:us-east-1:123456789012:judged
  "$aws" sns get-topic-attributes --topic-arn $topic --query Attributes $t >"$to/topic" 2>&1 || true
  "$aws" sns list-tags-for-resource --resource-arn $topic $t >"$to/topic-tags" 2>&1 || true
  "$aws" logs describe-log-groups --log-group-name-prefix judged --query 'logGroups[].[logGroupName,arn,retentionInDays,logGroupClass]' $t >"$to/group"
  "$aws" logs list-tags-for-resource --resource-arn arn:aws:logs:us-east-1:123456789012:log-group:judged $t >"$to/group-tags" 2>&1 || true
  local role=CloudTrail-CloudWatchLogs-judged policy
  "$aws" iam get-role --role-name $role --query 'Role.[Path,RoleName,Arn,AssumeRolePolicyDocument,Tags,Description,MaxSessionDuration,PermissionsBoundary]' $t >"$to/role" 2>&1 || true
  for policy in $("$aws" iam list-role-policies --role-name $role --query PolicyNames --output text 2>/dev/null || true); do
    "$aws" iam get-role-policy --role-name $role --policy-name "$policy" $t >"$to/role-$policy"
  done
}

case ${JUDGE_PART:-} in
original-full)
  "$aws" s3api create-bucket --bucket judged-access >/dev/null
  trailctl trail create judged --bucket judged-logs --prefix 'team a/$(x)' --sns-topic judged --log-group judged --create-log-group --retention 90 \
    --tag 'owner=a b:c/d=e' --tag 'empty=' --data-events s3,lambda --resources all --exclude kms --insights call-rate,error-rate \
    --notify --notify-prefix 'AWSLogs/' >/dev/null 2>"$JUDGE_TMP/create.err" || { cat "$JUDGE_TMP/create.err"; fail "trail create"; }
  topic=arn:aws:sns:us-east-1:123456789012:judged
  "$aws" sns set-topic-attributes --topic-arn $topic --attribute-name KmsMasterKeyId --attribute-value alias/topics
  "$aws" sns set-topic-attributes --topic-arn $topic --attribute-name DisplayName --attribute-value $'a \u202e b'
  "$aws" sns set-topic-attributes --topic-arn $topic --attribute-name SignatureVersion --attribute-value 2
  "$aws" iam update-role --role-name CloudTrail-CloudWatchLogs-judged --max-session-duration 7200 --description 'writes "events"'
  "$aws" cloudtrail put-insight-selectors --trail-name judged --insight-selectors '[{"InsightType":"ApiCallRateInsight","EventCategories":["Management","Data"]},{"InsightType":"ApiErrorRateInsight"}]' >/dev/null
  "$aws" s3api put-bucket-versioning --bucket judged-logs --versioning-configuration Status=Enabled
  "$aws" s3api put-bucket-tagging --bucket judged-logs --tagging '{"TagSet":[{"Key":"a b","Value":"c+d"}]}'
  ;;
original-small)
  trailctl trail create judged --bucket judged-logs --single-region --no-log-file-validation --management-events write --no-start --region eu-west-1 >/dev/null 2>"$JUDGE_TMP/create.err" || { cat "$JUDGE_TMP/create.err"; fail "trail create"; }
  ;;
rebuilt-*)
  RETRY_WAIT=0.2 bash "$JUDGE_TMP/judged.sh" 2>"$JUDGE_TMP/run.err" || { cat "$JUDGE_TMP/run.err"; fail "the script failed"; }
  ;;
esac
case ${JUDGE_PART:-} in
original-*)
  trailctl trail export judged --format cli >"$JUDGE_TMP/judged.sh" || fail "trail export --format cli"
  trailctl trail export judged --format terraform --import >"$JUDGE_TMP/judged.tf" || fail "trail export --format terraform"
  trailctl trail export judged --format cloudformation >"$JUDGE_TMP/judged.yaml" || fail "trail export --format cloudformation"
  describe "$JUDGE_TMP/original"
  exit
  ;;
rebuilt-*)
  describe "$JUDGE_TMP/rebuilt"
  exit
  ;;
esac

mkdir -p "$keep"
wheel=$(find "$keep" -maxdepth 1 -name "cdktf_cdktf_provider_aws-*.whl" | head -n 1)
if [ -z "$wheel" ]; then
  "$python" -m pip download --quiet --disable-pip-version-check --no-deps -d "$keep" cdktf-cdktf-provider-aws==21.22.1
  wheel=$(ls "$keep"/cdktf_cdktf_provider_aws-*.whl)
fi
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
passed=0
pass() { passed=$((passed + 1)); echo "ok: $*"; }

for kind in full small; do
  dir=$tmp/$kind region=us-east-1
  mkdir -p "$dir"
  [ $kind = full ] || region=eu-west-1
  for part in original rebuilt; do
    trailctl sandbox exec -- env JUDGE_PART=$part-$kind JUDGE_TMP="$dir" PATH="$(dirname "$aws"):$PATH" AWS_REGION=$region AWS_DEFAULT_REGION=$region bash "$0" "$@"
  done
  if [ $kind = full ] && grep -l 'error occurred' "$dir"/original/*; then fail "AWS's client could not describe these"; fi
  diff -r "$dir/original" "$dir/rebuilt" || fail "the script rebuilds another trail ($kind)"
  pass "the script rebuilds the same $kind trail: $(cat "$dir"/original/* | wc -l) lines of descriptions are equal"
  "$python" "$(dirname "$0")/terraform.py" "$wheel" "$dir/judged.tf" || fail "Terraform arguments ($kind)"
  pass "the provider knows every argument of the $kind trail"
  if command -v terraform >/dev/null; then
    terraform fmt -check -diff "$dir/judged.tf" 2>"$dir/fmt.err" || { cat "$dir/fmt.err"; fail "terraform fmt ($kind)"; }
    pass "terraform fmt has nothing to change ($kind)"
  fi
  # The topic policy that SNS itself writes has an old version and an action
  # that cfn-lint does not know.
  "$(dirname "$python")/cfn-lint" --ignore-checks W2511 W3037 -- "$dir/judged.yaml" || fail "cfn-lint ($kind)"
  pass "cfn-lint finds nothing ($kind)"
done
echo "$passed passed"
