"""trailctl provisions trails on moto with everything around them, and what it made is looked at there with boto3. usage: moto_provision.py (moto at
AWS_ENDPOINT_URL, trailctl on PATH)"""
import contextlib, datetime, gzip, json, os, subprocess, sys, threading, time, urllib.parse, urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import boto3
from botocore.exceptions import ClientError

sys.dont_write_bytecode = True
from verdicts import check, run

PAGE = b"<!doctype html>\n<html lang=en>\n<title>500 Internal Server Error</title>\n<h1>Internal Server Error</h1>\n"
EVERYTHING = ["--prefix", "audit", "--sns-topic", "{}-news", "--log-group", "{}-events", "--create-log-group", "--retention", "30", "--kms-key", "alias/trails",
              "--update-key-policy", "--data-events", "s3,lambda", "--insights", "call-rate", "--tag", "team=security", "--notify"]


class Ended:
    """How one command of trailctl ended."""

    def __init__(self, args, endpoint=None):
        begun = time.monotonic()
        env = {**os.environ, **({"AWS_ENDPOINT_URL": endpoint} if endpoint else {})}
        p = subprocess.run(["trailctl", *args], env=env, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
        self.args, self.code, self.out, self.err, self.seconds = args, p.returncode, p.stdout, p.stderr, time.monotonic() - begun

    def json(self):
        return json.loads(self.out)

    def __repr__(self):
        return f"{' '.join(self.args)}: exit {self.code} after {self.seconds:.1f} s\n{self.err}\n{self.out[:400]}"


def does(text, *args, code=0, changed=None, endpoint=None):
    """Runs trailctl and checks its exit code and, of its JSON, whether it changed something."""
    e = Ended(args, endpoint)
    held = e.code == code and (changed is None or e.json()["changed"] is changed)
    check(held, text, e)
    return e


def everything(name):
    return ["trail", "create", name, "--bucket", name + "-logs", *[a.format(name) for a in EVERYTHING], "--output", "json"]


def full():
    boto3.client("kms").create_alias(AliasName="alias/trails", TargetKeyId=boto3.client("kms").create_key()["KeyMetadata"]["KeyId"])
    does("trail create with a topic, a log group, a key, data events, insights, tags and notifications", *everything("full"), changed=True)
    trail, s3 = boto3.client("cloudtrail"), boto3.client("s3")
    t = trail.get_trail(Name="full")["Trail"]
    key = boto3.client("kms").describe_key(KeyId="alias/trails")["KeyMetadata"]
    check(t["S3BucketName"] == "full-logs" and t["S3KeyPrefix"] == "audit" and t["IsMultiRegionTrail"] and t["LogFileValidationEnabled"] and t["KmsKeyId"] in (key["Arn"], key["KeyId"], "alias/trails"),
          "moto's trail has the bucket, the prefix, all regions, validation and the key", t)
    check(t["SnsTopicName"].endswith("full-news") and ":log-group:full-events:*" in t["CloudWatchLogsLogGroupArn"] and t["CloudWatchLogsRoleArn"].endswith(":role/CloudTrail-CloudWatchLogs-full"), "... the topic, the log group and the role", t)
    check(trail.get_trail_status(Name="full")["IsLogging"] is True, "moto's trail is logging")
    advanced = trail.get_event_selectors(TrailName="full")["AdvancedEventSelectors"]
    types = {v for s in advanced for f in s["FieldSelectors"] if f["Field"] == "resources.type" for v in f["Equals"]}
    check(types == {"AWS::S3::Object", "AWS::Lambda::Function"}, "moto has its event selectors", advanced)
    insights = [i["InsightType"] for i in trail.get_insight_selectors(TrailName="full")["InsightSelectors"]]
    check(insights == ["ApiCallRateInsight"], "moto has its insight selectors, once", insights)
    tags = {g["Key"]: g["Value"] for g in trail.list_tags(ResourceIdList=[t["TrailARN"]])["ResourceTagList"][0]["TagsList"]}
    check(tags.get("team") == "security", "moto has its tag", tags)
    statements = json.loads(s3.get_bucket_policy(Bucket="full-logs")["Policy"])["Statement"]
    check({s["Sid"] for s in statements} == {"AWSCloudTrailAclCheck20150319", "AWSCloudTrailWrite20150319"} and any("/audit/AWSLogs/123456789012/*" in json.dumps(s["Resource"]) for s in statements), "the bucket's policy", statements)
    check(all(s3.get_public_access_block(Bucket="full-logs")["PublicAccessBlockConfiguration"].values()), "the bucket's public access block")
    notes = s3.get_bucket_notification_configuration(Bucket="full-logs")["TopicConfigurations"]
    check(len(notes) == 1 and notes[0]["TopicArn"].endswith(":full-news"), "the bucket's notification", notes)
    topic = json.loads(boto3.client("sns").get_topic_attributes(TopicArn=notes[0]["TopicArn"])["Attributes"]["Policy"])
    services = {s["Principal"].get("Service") for s in topic["Statement"] if isinstance(s.get("Principal"), dict)}
    check({"cloudtrail.amazonaws.com", "s3.amazonaws.com"} <= services, "the topic's policy lets CloudTrail and S3 publish", topic)
    group = boto3.client("logs").describe_log_groups(logGroupNamePrefix="full-events")["logGroups"][0]
    check(group["retentionInDays"] == 30, "the log group keeps events for 30 days", group)
    role = boto3.client("iam").get_role(RoleName="CloudTrail-CloudWatchLogs-full")["Role"]["AssumeRolePolicyDocument"]
    names = boto3.client("iam").list_role_policies(RoleName="CloudTrail-CloudWatchLogs-full")["PolicyNames"]
    may = boto3.client("iam").get_role_policy(RoleName="CloudTrail-CloudWatchLogs-full", PolicyName=names[0])["PolicyDocument"]
    check("cloudtrail.amazonaws.com" in json.dumps(role) and "logs:PutLogEvents" in json.dumps(may) and "full-events" in json.dumps(may), "the role's trust and its policy", role, may)
    policy = boto3.client("kms").get_key_policy(KeyId=key["KeyId"], PolicyName="default")["Policy"]
    check("kms:GenerateDataKey*" in policy and "cloudtrail.amazonaws.com" in policy and ":root" in policy, "the key's policy lets CloudTrail encrypt, and still lets the account administer", policy)
    does("trail create again changes nothing", *everything("full"), changed=False)


def changes():
    trail = boto3.client("cloudtrail")
    update = ["trail", "update", "full", "--management-events", "write", "--tag", "team=audit", "--output", "json"]
    does("trail update", *update, changed=True)
    check("readOnly" in json.dumps(trail.get_event_selectors(TrailName="full")["AdvancedEventSelectors"]), "moto records write events only")
    does("trail update again changes nothing", *update, changed=False)
    does("trail create of a name that is taken, which moto would overwrite, changes what is asked for", "trail", "create", "full", "--bucket", "full-logs", "--prefix", "audit", "--single-region", "--yes", "--output", "json", changed=True)
    t = trail.get_trail(Name="full")["Trail"]
    check(t["IsMultiRegionTrail"] is False and t["S3KeyPrefix"] == "audit" and t.get("SnsTopicName"), "... and nothing else of the trail", t)
    check("AWS::S3::Object" in json.dumps(trail.get_event_selectors(TrailName="full")), "... and its event selectors are still there")
    does("trail update back to all regions", "trail", "update", "full", "--all-regions", "--output", "json", changed=True)
    does("trail update takes the topic away", "trail", "update", "full", "--sns-topic", "", "--output", "json", changed=True)
    check(not trail.get_trail(Name="full")["Trail"].get("SnsTopicName"), "moto's trail has no topic")
    does("trail update takes the topic away again: nothing to do", "trail", "update", "full", "--sns-topic", "", "--output", "json", changed=False)
    does("trail update gives it back", "trail", "update", "full", "--sns-topic", "full-news", "--output", "json", changed=True)


def switch():
    """moto's StartLogging and StopLogging want the name; given an ARN they answer HTTP 500."""
    trail = boto3.client("cloudtrail")
    for target in ("full", trail.get_trail(Name="full")["Trail"]["TrailARN"]):
        kind = "its ARN" if target.startswith("arn:") else "its name"
        for verb, logging in (("stop", False), ("start", True)):
            does(f"trail {verb} by {kind}", "trail", verb, target, "--output", "json")
            check(trail.get_trail_status(Name="full")["IsLogging"] is logging, f"trail {verb} by {kind}: IsLogging is {logging}")
        e = does(f"trail status by {kind}", "trail", "status", target, "--output", "json")
        check(e.json()["logging"] is True, "trail status says so", e)


def regions():
    create = ["trail", "create", "twin", "--regions", "us-east-1,eu-west-1", "--bucket", "twin-logs", "--sns-topic", "twin-news", "--log-group", "twin-events", "--create-log-group", "--output", "json"]
    does("trail create of two regions", *create, changed=True)
    for region in ("us-east-1", "eu-west-1"):
        client = boto3.client("cloudtrail", region)
        t = client.get_trail(Name="twin")["Trail"]
        check(not t["IsMultiRegionTrail"] and t["S3BucketName"] == "twin-logs" and f":{region}:" in t["CloudWatchLogsLogGroupArn"] and client.get_trail_status(Name="twin")["IsLogging"], f"moto has the trail in {region}, logging", t)
    does("trail create of two regions again changes nothing", *create, changed=False)
    for region in ("us-east-1", "eu-west-1"):  # --all-regions goes by ListTrails, and moto's names no trail of another region
        client = boto3.client("cloudtrail", region)
        does(f"trail stop in {region}", "trail", "stop", "twin", "--region", region, "--output", "json", changed=True)
        check(client.get_trail_status(Name="twin")["IsLogging"] is False, f"moto has stopped it in {region}")
        does(f"trail delete in {region}", "trail", "delete", "twin", "--region", region, "--yes", "--output", "json", changed=True)
        left = [t["Name"] for t in client.list_trails()["Trails"]]
        check("twin" not in left, f"moto has it no longer in {region}", left)


def organization():
    boto3.client("organizations").create_organization(FeatureSet="ALL")
    create = ["trail", "create", "org", "--organization", "--bucket", "org-logs", "--output", "json"]
    e = does("trail create --organization", *create, changed=True)
    if e.code == 0:
        check(boto3.client("cloudtrail").get_trail(Name="org")["Trail"]["IsOrganizationTrail"], "moto's trail is the organization's")
        check("/AWSLogs/o-" in boto3.client("s3").get_bucket_policy(Bucket="org-logs")["Policy"], "the bucket's policy names the organization")
        does("trail create --organization again changes nothing", *create, changed=False)


def buckets():
    does("bucket create", "bucket", "create", "lone-logs", "--output", "json", changed=True)
    does("bucket create again changes nothing", "bucket", "create", "lone-logs", "--output", "json", changed=False)
    notify = ["bucket", "notify", "lone-logs", "--topic", "lone-news", "--output", "json"]
    does("bucket notify", *notify, changed=True)
    notes = boto3.client("s3").get_bucket_notification_configuration(Bucket="lone-logs").get("TopicConfigurations", [])
    check(len(notes) == 1 and notes[0]["TopicArn"].endswith(":lone-news"), "moto has the notification", notes)
    does("bucket notify again changes nothing", *notify, changed=False)
    does("bucket policy", "bucket", "policy", "lone-logs", "--trail", "full", "--output", "json")
    e = does("bucket show", "bucket", "show", "full-logs", "--output", "json")
    check("full-logs" in e.out, "bucket show names it", e)


def looks():
    e = does("trail audit finds what a trail of moto lacks, exit code 3", "trail", "audit", "--output", "json", code=3)
    audit = e.json()
    check(audit["complete"] and audit["failed"] > 0 and audit["passed"] > 0 and audit["unknown"] == 0, f"trail audit is complete: {audit['passed']} passed, {audit['failed']} failed, {audit['unknown']} unknown", audit)
    does("trail show", "trail", "show", "full", "--output", "json")
    does("trail list", "trail", "list", "--output", "json")
    alarms = ["trail", "alarms", "full", "--sns-topic", "alarm-news", "--output", "json"]
    does("trail alarms", *alarms, changed=True)
    filters = boto3.client("logs").describe_metric_filters(logGroupName="full-events")["metricFilters"]
    check(len(filters) >= 10 and len(boto3.client("cloudwatch").describe_alarms()["MetricAlarms"]) == len(filters), f"moto has {len(filters)} metric filters and as many alarms")
    does("trail alarms again changes nothing", *alarms, changed=False)
    for form in ("terraform", "cloudformation", "cli"):
        e = does(f"trail export --format {form}", "trail", "export", "full", "--format", form)
        check("full-logs" in e.out and "full-events" in e.out, "it holds the bucket and the log group", e)


def told(text, e, call, most=20):
    """The error of a server that lacks a call: one sentence, no page, no minute of retries."""
    sentence = f"the server at {e.endpoint} does not know, or broke down over, {call} (HTTP 500, a web page in place of an answer)"
    shown = e.err + e.out
    check(sentence in " ".join(shown.split()), f"{text}: the error names the server, the call and what came", e)
    check("<" not in e.err and "deserial" not in e.err and "doctype" not in shown and len(e.err.splitlines()) < 30, f"{text}: no page and no internals are shown", e)
    check(e.seconds < most, f"{text}: it ends after {e.seconds:.1f} s", e)


def lacking():
    """moto has no LookupEvents and no ListPublicKeys, and answers with an HTML page."""
    url = os.environ["AWS_ENDPOINT_URL"]
    e = does("logs history ends with exit code 1", "logs", "history", "--start-time", "10m", "--output", "json", code=1)
    e.endpoint = url
    told("logs history", e, "CloudTrail LookupEvents")
    check("hint:" in e.err and "sandbox exec --upstream" in e.err, "logs history: what to do", e)
    end = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(minutes=20)
    stamp, iso = f"{end:%Y%m%dT%H%M%SZ}", lambda t: f"{t:%Y-%m-%dT%H:%M:%SZ}"
    key = f"audit/AWSLogs/123456789012/CloudTrail-Digest/us-east-1/{end:%Y/%m/%d}/123456789012_CloudTrail-Digest_us-east-1_full_us-east-1_{stamp}.json.gz"
    digest = {"awsAccountId": "123456789012", "digestStartTime": iso(end - datetime.timedelta(hours=1)), "digestEndTime": iso(end), "digestS3Bucket": "full-logs", "digestS3Object": key,
              "digestPublicKeyFingerprint": "00" * 16, "digestSignatureAlgorithm": "SHA256withRSA", "previousDigestS3Bucket": None, "previousDigestS3Object": None,
              "previousDigestHashValue": None, "previousDigestHashAlgorithm": None, "previousDigestSignature": None, "newestEventTime": None, "oldestEventTime": None, "logFiles": []}
    boto3.client("s3").put_object(Bucket="full-logs", Key=key, Body=gzip.compress(json.dumps(digest).encode()), Metadata={"signature": "00" * 256, "signature-algorithm": "SHA256withRSA"})
    for args in (["validate", "full", "--start-time", "2h", "--output", "json"], ["validate", "keys", "export", "full", "--start-time", "2h"]):
        e = does(f"{' '.join(args[:-2])} ends with exit code 1", *args, code=1)
        e.endpoint = url
        told(" ".join(args[:3]), e, "CloudTrail ListPublicKeys")


def operation(method, path, headers, body):
    """The operation of a call, for S3 as far as it changes something."""
    if headers.get("X-Amz-Target"):
        return headers["X-Amz-Target"].rsplit(".", 1)[-1]
    if (headers.get("Content-Type") or "").startswith("application/x-www-form-urlencoded"):
        return dict(urllib.parse.parse_qsl(body.decode())).get("Action", "")
    url = urllib.parse.urlsplit(path)
    what = next((k for k in urllib.parse.parse_qs(url.query, keep_blank_values=True) if k in ("policy", "publicAccessBlock", "encryption", "notification")), "bucket")
    return f"{method} {what}"


@contextlib.contextmanager
def without(lacked):
    """moto behind a proxy that lacks one more call, and answers it as moto does."""
    upstream = os.environ["AWS_ENDPOINT_URL"]
    seen = []

    class Proxy(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            name = operation(self.command, self.path, self.headers, body)
            if name == lacked:
                seen.append(name)
                return self.reply(500, [("Content-Type", "text/html; charset=utf-8")], PAGE)
            headers = {k: v for k, v in self.headers.items() if k.lower() not in ("connection", "accept-encoding", "transfer-encoding")}
            request = urllib.request.Request(upstream + self.path, data=body if self.command in ("POST", "PUT") else None, method=self.command, headers=headers)
            try:
                with urllib.request.urlopen(request) as r:
                    self.reply(r.status, r.headers.items(), r.read())
            except urllib.error.HTTPError as r:
                self.reply(r.code, r.headers.items(), r.read())

        def reply(self, status, headers, text):
            self.send_response_only(status)
            for k, v in headers:
                if k.lower() not in ("connection", "content-length", "transfer-encoding"):
                    self.send_header(k, v)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(text)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = answer

    server = ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        server.server_close()


def halfway():
    """A create that stops where the server lacks a call says what was made, and the same command finishes it once the server has the call."""
    calls = {
        "GetCallerIdentity": "STS GetCallerIdentity", "DescribeTrails": "CloudTrail DescribeTrails",
        "PUT bucket": "S3 CreateBucket", "PUT publicAccessBlock": "S3 PutPublicAccessBlock", "PUT policy": "S3 PutBucketPolicy", "PUT notification": "S3 PutBucketNotificationConfiguration",
        "CreateTopic": "SNS CreateTopic", "CreateLogGroup": "CloudWatch Logs CreateLogGroup", "PutRetentionPolicy": "CloudWatch Logs PutRetentionPolicy",
        "CreateRole": "IAM CreateRole", "PutRolePolicy": "IAM PutRolePolicy", "CreateTrail": "CloudTrail CreateTrail", "StartLogging": "CloudTrail StartLogging",
        "PutEventSelectors": "CloudTrail PutEventSelectors", "PutInsightSelectors": "CloudTrail PutInsightSelectors",
    }
    for i, (lacked, call) in enumerate(calls.items()):
        name = f"half-{i:02}"
        with without(lacked) as (endpoint, seen):
            e = does(f"without {call}: trail create ends with exit code 1", *everything(name), code=1, endpoint=endpoint)
        e.endpoint = endpoint
        told(f"without {call}", e, call)
        check(1 <= len(seen) <= 2, f"without {call}: it is tried {len(seen)} times", len(seen))
        steps = e.json().get("steps", []) if e.out.strip().startswith("{") else []
        states = {s["state"] for s in steps}
        made = [s for s in steps if s["state"] == "done"]
        check(lacked in ("GetCallerIdentity", "DescribeTrails") or "failed" in states, f"without {call}: the steps say what was made ({len(made)}) and what failed", e)
        does(f"with {call} again: the same command finishes", *everything(name), changed=True)
        does(f"with {call} again: and then changes nothing", *everything(name), changed=False)


def delete():
    trail = boto3.client("cloudtrail")
    arn = trail.get_trail(Name="half-00")["Trail"]["TrailARN"]
    does("trail delete by its ARN, which moto's DeleteTrail takes for no trail", "trail", "delete", arn, "--yes", "--output", "json", changed=True)
    check("half-00" not in {t["Name"] for t in trail.list_trails()["Trails"]}, "moto has it no longer")
    does("trail delete --with-everything", "trail", "delete", "full", "--with-everything", "--yes", "--output", "json", changed=True)
    check("full" not in {t["Name"] for t in trail.list_trails()["Trails"]}, "moto has it no longer")
    check(not boto3.client("logs").describe_log_groups(logGroupNamePrefix="full-events")["logGroups"], "its log group is gone")
    topics = [t["TopicArn"] for p in boto3.client("sns").get_paginator("list_topics").paginate() for t in p["Topics"]]
    check(not [t for t in topics if t.endswith(":full-news")], "its topic is gone", topics)
    try:
        boto3.client("iam").get_role(RoleName="CloudTrail-CloudWatchLogs-full")
        check(False, "its role is gone")
    except ClientError as e:
        check(e.response["Error"]["Code"] == "NoSuchEntity", "its role is gone", e)
    check(boto3.client("s3").head_bucket(Bucket="full-logs"), "its bucket stays")


run([full, changes, switch, regions, organization, buckets, looks, lacking, halfway, delete])
