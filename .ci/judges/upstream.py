"""The whole story with another local AWS behind the sandbox: see upstream.sh."""
import gzip, hashlib, io, json, os, re, subprocess, sys, time, urllib.parse

sys.dont_write_bytecode = True
import upstream_calls as calls
from upstream_stack import Stack, until
from verdicts import check, ok, run
from botocore.exceptions import ClientError

stack = Stack(*sys.argv[1:5])
bucket, topic, group = (f"{kind}-{stack.tag}" for kind in ("judged-logs", "news", "events"))
queues, made = {}, []
since = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())


def far(*args):
    """The AWS CLI on the upstream itself."""
    return stack.cli(stack.far, *args)


def demo():
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    p = subprocess.run(["trailctl", "demo", "--upstream", stack.far], env=env, capture_output=True, text=True, timeout=90)
    check(p.returncode == 0 and "INVALID: 1 log file invalid" in p.stdout and "exit code 3" in p.stdout, "trailctl demo --upstream tells its story to the end", p.stdout[-600:], p.stderr[-600:])
    check(stack.far in p.stdout, "the demo says where it ran")


def executed():
    name = "exec-" + stack.tag
    env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    p = subprocess.run(["trailctl", "sandbox", "exec", "--upstream", stack.far, "--", stack.aws, "s3api", "create-bucket", "--bucket", name], env=env, capture_output=True, text=True, timeout=90)
    check(p.returncode == 0, "sandbox exec --upstream runs a command", p.stderr[-600:])
    buckets = [b["Name"] for b in far("s3api", "list-buckets")["Buckets"]]
    check(name in buckets, "the bucket that it made is the upstream's", buckets)


def provisioned():
    ok(f"the sandbox answers before the upstream, account {stack.account}")
    create = ["trail", "create", "judged", "--bucket", bucket, "--sns-topic", topic, "--log-group", group, "--create-log-group", "--output", "json"]
    first = json.loads(stack.trailctl(*create))
    check(first["changed"] is True, "trail create", first)
    second = json.loads(stack.trailctl(*create))
    check(second["changed"] is False, "trail create again changes nothing", second)
    policy = json.loads(far("s3api", "get-bucket-policy", "--bucket", bucket)["Policy"])
    check({s["Sid"] for s in policy["Statement"]} == {"AWSCloudTrailAclCheck20150319", "AWSCloudTrailWrite20150319"}, "the upstream has the bucket's policy", policy)
    attributes = far("sns", "get-topic-attributes", "--topic-arn", f"arn:aws:sns:us-east-1:{stack.account}:{topic}")["Attributes"]
    check("cloudtrail.amazonaws.com" in attributes["Policy"], "the upstream has the topic, and its policy", attributes)
    groups = far("logs", "describe-log-groups", "--log-group-name-prefix", group)["logGroups"]
    check([g["logGroupName"] for g in groups] == [group], "the upstream has the log group", groups)
    role = far("iam", "get-role", "--role-name", "CloudTrail-CloudWatchLogs-judged")["Role"]
    check("cloudtrail.amazonaws.com" in json.dumps(role["AssumeRolePolicyDocument"]), "the upstream has the role", role)


def subscribed():
    """Queues on the upstream: one for the trail's topic, one for S3's."""
    stack.trailctl("bucket", "notify", bucket, "--topic", "objects-" + stack.tag)
    for name in (topic, "objects-" + stack.tag):
        queues[name] = far("sqs", "create-queue", "--queue-name", name)["QueueUrl"]
        arn = f"arn:aws:sqs:us-east-1:{stack.account}:{name}"
        far("sns", "subscribe", "--topic-arn", f"arn:aws:sns:us-east-1:{stack.account}:{name}", "--protocol", "sqs", "--notification-endpoint", arn)
    n = far("s3api", "get-bucket-notification-configuration", "--bucket", bucket)
    check(len(n.get("TopicConfigurations", [])) == 1, "bucket notify: the upstream has the notification", n)


def called():
    made.extend(calls.many(stack))
    folder = os.path.join(stack.tmp, "folder")
    os.makedirs(folder)
    for i in range(3):
        with open(os.path.join(folder, f"file {i}+ü.txt"), "w") as f:
            f.write("text" * i)
    name = "calls-" + stack.tag
    stack.cli(stack.near, "s3", "sync", "folder", f"s3://{name}/synced")
    listed = far("s3api", "list-objects-v2", "--bucket", name, "--prefix", "synced/")
    check(len(listed["Contents"]) == 3, "aws s3 sync through the sandbox: 3 objects on the upstream", listed)
    for args in (("sns", "list-topics"), ("sqs", "list-queues"), ("logs", "describe-log-groups"), ("iam", "list-roles"), ("kms", "list-keys"), ("lambda", "list-functions")):
        # A queue's address is that of whoever was asked, and a log group grows.
        same = [re.sub(r'"storedBytes": \d+', "", re.sub(r"127.0.0.1:\d+|:\d+/", "ADDRESS", json.dumps(stack.cli(a, *args), sort_keys=True))) for a in (stack.near, stack.far)]
        check(same[0] == same[1], f"aws {' '.join(args)}: the same through the sandbox and without it", *same)


def files():
    """The delivered log files on the upstream: their records by key."""
    s3 = stack.direct("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix="AWSLogs/")
    keys = [c["Key"] for p in pages for c in p.get("Contents", []) if "/CloudTrail/" in c["Key"]]
    return {k: json.loads(gzip.decompress(s3.get_object(Bucket=bucket, Key=k)["Body"].read()))["Records"] for k in keys}


def records():
    return [r for f in files().values() for r in f]


def is_of(record, made):
    """Tells whether a record is that of a call: by its request id, where the upstream gives one."""
    # CloudTrail has the API's date in the names of Lambda's events: GetFunction20150331v2.
    if record["eventSource"] != made["source"] or not re.fullmatch(made["name"] + r"(\d{8}(v\d)?)?", record["eventName"]):
        return False
    return record["requestID"] == made["id"] if made["id"] else record["userIdentity"].get("userName") == "alice"


def plain(code):
    """An error code without what CloudTrail adds to some: Client.InvalidVpcID.NotFound of EC2, NoSuchEntityException of IAM."""
    return code and code.removeprefix("Client.").removesuffix("Exception")


def recorded():
    until(lambda: any(is_of(r, made[-1]) for r in records()), 30, "the log file with the last call")
    seen = records()
    found = [[r for r in seen if is_of(r, c)] for c in made]
    wrong = [(c, f) for c, f in zip(made, found) if [plain(r.get("errorCode")) for r in f] != [plain(c["code"])]]
    failed, services = sum(c["code"] is not None for c in made), {c["source"] for c in made}
    check(not wrong, f"{len(made)} calls of {len(services)} services, {failed} of them failed: each is in exactly one log file, with its error code", *wrong[:3])
    unnamed = sorted({c["source"] for c in made if not c["id"]})
    print("services whose answers have no request id in a header:", ", ".join(unnamed) or "none")
    check(calls.SECRET not in json.dumps(seen), "a secret value is in no record")
    history = stack.cli(stack.near, "cloudtrail", "lookup-events", "--lookup-attributes", "AttributeKey=EventName,AttributeValue=CreateUser")["Events"]
    check(len(history) >= 1, "the event history has them too", history)
    looked = stack.trailctl("logs", "history", "--event-name", "CreateUser", "--since", "1h", "--output", "jsonl")
    check("calls-" + stack.tag in looked, "trailctl logs history finds one", looked)


def delivered():
    """What is on the upstream, by the AWS CLI on its own address."""
    def kind(of):
        return far("s3api", "list-objects-v2", "--bucket", bucket, "--prefix", f"AWSLogs/{stack.account}/{of}/us-east-1/").get("Contents", [])

    log, digest = kind("CloudTrail")[-1]["Key"], until(lambda: kind("CloudTrail-Digest"), 20, "a digest file")[-1]["Key"]
    head = far("s3api", "head-object", "--bucket", bucket, "--key", log)
    check((head["ContentType"], head["ContentEncoding"]) == ("application/json", "gzip"), "a log file on the upstream: its content type and encoding", head)
    head = far("s3api", "head-object", "--bucket", bucket, "--key", digest)
    names = set(head["Metadata"])
    check(names == {"signature", "signature-algorithm"} and re.fullmatch("[0-9a-f]{512}", head["Metadata"]["signature"]), "a digest file on the upstream: its signature in metadata of lower-case names", head)

    def messages(name):
        got = far("sqs", "receive-message", "--queue-url", queues[name], "--max-number-of-messages", "10", "--wait-time-seconds", "1")
        return [json.loads(json.loads(m["Body"])["Message"]) for m in (got.get("Messages", []) if isinstance(got, dict) else [])]

    def told(name, key):
        return [key(m) for m in messages(name) if key(m)]

    news = until(lambda: told(topic, lambda m: m.get("s3ObjectKey")), 20, "CloudTrail's message")[0][0]
    check(news in files(), "the SNS message, in a queue on the upstream, names a delivered log file", news)
    objects = until(lambda: told("objects-" + stack.tag, lambda m: [r["s3"]["object"]["key"] for r in m.get("Records", [])]), 20, "S3's message")[0][0]
    objects = urllib.parse.unquote_plus(objects)
    check(objects.startswith("AWSLogs/"), "S3's own notification, in a queue on the upstream, names a delivered file", objects)
    events = until(lambda: far("logs", "filter-log-events", "--log-group-name", group)["events"], 20, "log events")
    names = {json.loads(e["message"])["eventName"] for e in events}
    check("CreateUser" in names, f"{len(events)} log events in the upstream's log group, the calls among them", sorted(names))


def read():
    listed = json.loads(stack.trailctl("logs", "list", "judged", "--since", "1h", "--output", "json"))
    check(len(json.dumps(listed)) > 100 and "json.gz" in json.dumps(listed), "logs list", listed)
    stack.trailctl("logs", "download", "judged", "--since", "1h", "--dest", "copy", "--output", "json")
    lines = stack.trailctl("logs", "view", "copy", "--output", "jsonl").splitlines()
    got = [json.loads(l) for l in lines]
    check(all(any(is_of(r, c) for r in got) for c in made), f"logs download and view: {len(lines)} records, all calls among them")
    status = stack.trailctl("trail", "status", "judged", "--output", "json")
    check("judged" in status, "trail status")


def proved(*want):
    """trailctl and the AWS CLI validate; want are their exit codes."""
    text = stack.trailctl("validate", "judged", "--since", "1h", "--output", "text", code=want[0])
    arn = f"arn:aws:cloudtrail:us-east-1:{stack.account}:trail/judged"
    out = stack.cli(stack.near, "cloudtrail", "validate-logs", "--trail-arn", arn, "--start-time", since, "--verbose", code=want[1])
    return text, out if isinstance(out, str) else json.dumps(out)


def valid():
    text, out = proved(0, 0)
    ok("trailctl validate: " + " ".join(text.split("\n")[-2].split()))
    n = dict((k, int(v)) for v, k in re.findall(r"(\d+)/\d+ (digest|log) files valid", out))
    check(n.get("digest", 0) >= 2 and n.get("log", 0) >= 2 and "INVALID" not in out, f"aws cloudtrail validate-logs, CloudTrail the sandbox's and S3 the upstream's: {n}", out)


def errors():
    same, different = 0, []
    for request in calls.failing("calls-" + stack.tag, stack.account):
        a, b = (calls.comparable(calls.exchange(to, request)) for to in (stack.far, stack.near))
        if a == b and a[0] >= 400:
            same += 1
        else:
            different.append((request[:3], a, b))
    check(not different, f"{same} answers with an error, 4xx or 5xx: status, headers and body are the upstream's own", *different[:3])


def large():
    body = os.urandom(1 << 20) * 30
    want, name = hashlib.sha256(body).hexdigest(), "calls-" + stack.tag
    near, direct = stack.through("s3"), stack.direct("s3")
    near.put_object(Bucket=name, Key="whole", Body=io.BytesIO(body))
    near.upload_fileobj(io.BytesIO(body), name, "parts")
    for key in ("whole", "parts"):
        for where, client in (("through the sandbox", near), ("from the upstream itself", direct)):
            got = client.get_object(Bucket=name, Key=key)["Body"].read()
            check(hashlib.sha256(got).hexdigest() == want, f"30 MiB, put as {key}, read {where}: the same SHA-256")


def silent():
    """The upstream is gone for a while."""
    stack.plug.pull()
    try:
        stack.through("s3").list_buckets()
        check(False, "a call without an upstream fails")
    except ClientError as e:
        check(e.response["Error"]["Code"] == "UpstreamNotReachable" and f"127.0.0.1:{stack.plug.port}" in str(e) and "refused" in str(e), f"without an upstream: {e}")
    trails = stack.through("cloudtrail")
    check(len(trails.describe_trails()["trailList"]) == 1, "CloudTrail's own calls still work")
    lost = []
    for i in range(8):
        try:
            trails.get_trail(Name=f"none-{stack.tag}-{i}")
        except ClientError as e:
            lost.append(e.response["ResponseMetadata"]["RequestId"])
        time.sleep(0.4)  # some log files' worth
    error = until(lambda: trails.get_trail_status(Name="judged").get("LatestDeliveryError"), 10, "a delivery error in the trail's status")
    ok(f"GetTrailStatus says that deliveries fail: {error}")
    stack.plug.push()
    check(until(lambda: stack.through("s3").list_buckets()["Buckets"], 5, "buckets"), "it is back, and answers at once")

    def caught_up():
        n = [r["requestID"] for r in records()]
        return all(n.count(i) == 1 for i in lost)

    check(until(caught_up, 40, "what was called meanwhile"), f"{len(lost)} calls made meanwhile: each is in exactly one log file")
    check(until(lambda: not trails.get_trail_status(Name="judged").get("LatestDeliveryError"), 20, "a status without error"), "GetTrailStatus has no error any more")
    ids = [r["eventID"] for r in records()]
    check(len(ids) == len(set(ids)), f"{len(ids)} records in all, none twice")
    until(lambda: digests_after(lost[-1]), 40, "a digest file that lists them")
    text, out = proved(0, 0)
    check("INVALID" not in out, "the chain over that time is valid to trailctl and to the AWS CLI", out)


def digests_after(request_id):
    """Tells whether a digest file lists the log file that holds a call."""
    key = next(k for k, rs in files().items() if any(r["requestID"] == request_id for r in rs))
    s3 = stack.direct("s3")
    listed = s3.list_objects_v2(Bucket=bucket, Prefix=f"AWSLogs/{stack.account}/CloudTrail-Digest/us-east-1/").get("Contents", [])
    return any(key.encode() in gzip.decompress(s3.get_object(Bucket=bucket, Key=c["Key"])["Body"].read()) for c in listed)


def tampered():
    """One byte is changed on the upstream itself."""
    s3 = stack.direct("s3")
    key = next(k for k, rs in files().items() if any(is_of(r, made[0]) for r in rs))
    text = gzip.decompress(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    s3.put_object(Bucket=bucket, Key=key, Body=gzip.compress(text.replace(b'"eventVersion":"1', b'"eventVersion":"2', 1)), ContentType="application/json", ContentEncoding="gzip")
    text, out = proved(3, 1)
    check("INVALID" in text and key in text, "a byte changed on the upstream: trailctl validate names the file, exit code 3", text)
    check(re.search(re.escape(key) + r"\s+INVALID", out), "aws cloudtrail validate-logs names the same, exit code 1", out)


def ended():
    check(stack.stop() == 130, "the sandbox ends on SIGINT with exit code 130")
    check(far("s3api", "head-bucket", "--bucket", bucket) is not None, "the upstream goes on without it")


try:
    stack.start()
    run([demo, executed, provisioned, subscribed, called, recorded, delivered, read, valid, errors, large, silent, tampered, ended])
finally:
    stack.stop()
