"""boto3 creates a trail, makes ten calls and finds each of them again: in the event history, and in the log files that the trail delivers."""
import gzip, json, sys, time
import boto3
from botocore.exceptions import ClientError

sys.dont_write_bytecode = True
from boto_pages import policy
from verdicts import check, run

NAME = f"python-sdk-{time.time_ns() // 1_000_000}"  # an upstream may have seen others
BUCKET = NAME + "-logs"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
TEN = [
    ("s3", "create_bucket", {"Bucket": NAME + "-data"}),
    ("s3", "put_bucket_tagging", {"Bucket": NAME + "-data", "Tagging": {"TagSet": [{"Key": "a", "Value": "1"}]}}),
    ("s3", "get_bucket_policy", {"Bucket": NAME + "-data"}),  # fails
    ("sts", "get_caller_identity", {}),
    ("iam", "create_role", {"RoleName": NAME, "AssumeRolePolicyDocument": TRUST}),
    ("iam", "get_role", {"RoleName": NAME + "-nobody"}),  # fails
    ("sns", "create_topic", {"Name": NAME}),
    ("sqs", "create_queue", {"QueueName": NAME}),
    ("logs", "create_log_group", {"logGroupName": NAME}),
    ("cloudtrail", "get_trail", {"Name": NAME + "-nobody"}),  # fails
]


def camel(operation):
    return "".join(p.capitalize() for p in operation.split("_"))


def make(service, operation, arguments):
    """One call: its event name, its request id, and the error code it ended with."""
    try:
        answer, code = getattr(boto3.client(service), operation)(**arguments), None
    except ClientError as e:
        answer, code = e.response, e.response["Error"]["Code"]
    return camel(operation), answer["ResponseMetadata"]["RequestId"], code


def looked_up(name):
    pages = boto3.client("cloudtrail").get_paginator("lookup_events").paginate(LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": name}])
    return [json.loads(e["CloudTrailEvent"]) for p in pages for e in p["Events"]]


def delivered():
    s3 = boto3.client("s3")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix="AWSLogs/")
    keys = [c["Key"] for p in pages for c in p.get("Contents", []) if "/CloudTrail/" in c["Key"]]
    files = [gzip.decompress(s3.get_object(Bucket=BUCKET, Key=k)["Body"].read()) for k in keys]
    return len(files), [r for f in files for r in json.loads(f)["Records"]]


def ten_calls():
    s3, trail = boto3.client("s3"), boto3.client("cloudtrail")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(BUCKET))
    trail.create_trail(Name=NAME, S3BucketName=BUCKET, IsMultiRegionTrail=True)
    trail.start_logging(Name=NAME)
    made = [make(*call) for call in TEN]
    check(sum(code is not None for _, _, code in made) == 3, "python: ten calls, three of which fail", made)
    for name, request, code in made:
        found = [e for e in looked_up(name) if e["requestID"] == request]
        check(len(found) == 1 and found[0]["eventName"] == name, f"python: LookupEvents finds {name} by its request id, once", request, len(found))
        check(found and bool(code) == ("errorCode" in found[0]), f"python: its error code is {found and found[0].get('errorCode')}", code, found)
    for _ in range(60):
        files, records = delivered()
        if {r for _, r, _ in made} <= {r.get("requestID") for r in records}:
            break
        time.sleep(0.5)
    counts = {name: sum(r.get("requestID") == request for r in records) for name, request, _ in made}
    check(set(counts.values()) == {1}, f"python: each of the ten is in {files} delivered log files once", counts)
    trail.delete_trail(Name=NAME)


run([ten_calls])
