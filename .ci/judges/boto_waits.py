"""Waiters of boto3: they end when the thing is there, or gone, and give up when it is not."""
import json, threading, time
import boto3
from botocore.exceptions import WaiterError
from verdicts import check

SOON = {"Delay": 1, "MaxAttempts": 8}


def later(action):
    """Does something half a second from now."""
    timer = threading.Timer(0.5, action)
    timer.start()
    return timer


def waits(client, name, arguments, action):
    """A waiter that is satisfied only by what happens while it waits."""
    begun = time.monotonic()
    timer = later(action)
    try:
        client.get_waiter(name).wait(WaiterConfig=SOON, **arguments)
        check(time.monotonic() - begun >= 0.5, f"waiter {name} ends when it happens")
    except WaiterError as e:
        check(False, f"waiter {name} ends when it happens", e)
    timer.join()


def gives_up(client, name, arguments):
    try:
        client.get_waiter(name).wait(WaiterConfig={"Delay": 0, "MaxAttempts": 3}, **arguments)
        check(False, f"waiter {name} gives up")
    except WaiterError as e:
        check("Max attempts exceeded" in str(e), f"waiter {name} gives up on what does not happen", e)


def buckets():
    s3 = boto3.client("s3")
    gives_up(s3, "bucket_exists", {"Bucket": "waited"})
    waits(s3, "bucket_exists", {"Bucket": "waited"}, lambda: boto3.client("s3").create_bucket(Bucket="waited"))
    gives_up(s3, "bucket_not_exists", {"Bucket": "waited"})
    waits(s3, "bucket_not_exists", {"Bucket": "waited"}, lambda: boto3.client("s3").delete_bucket(Bucket="waited"))


def objects():
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="waited-objects")
    one = {"Bucket": "waited-objects", "Key": "o ne"}
    gives_up(s3, "object_exists", one)
    waits(s3, "object_exists", one, lambda: boto3.client("s3").put_object(Body=b"1", **one))
    gives_up(s3, "object_not_exists", one)
    waits(s3, "object_not_exists", one, lambda: boto3.client("s3").delete_object(**one))


def roles():
    iam = boto3.client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
    gives_up(iam, "role_exists", {"RoleName": "waited"})
    waits(iam, "role_exists", {"RoleName": "waited"}, lambda: boto3.client("iam").create_role(RoleName="waited", AssumeRolePolicyDocument=trust))


def alarms():
    cloudwatch = boto3.client("cloudwatch")
    alarm = {"AlarmName": "waited", "MetricName": "m", "Namespace": "n", "Statistic": "Sum", "Period": 300, "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanOrEqualToThreshold"}
    gives_up(cloudwatch, "alarm_exists", {"AlarmNames": ["waited"]})
    waits(cloudwatch, "alarm_exists", {"AlarmNames": ["waited"]}, lambda: boto3.client("cloudwatch").put_metric_alarm(**alarm))


def services_without():
    names = {n: boto3.client(n).waiter_names for n in ("cloudtrail", "logs", "sns", "sqs", "sts", "kms")}
    check(not any(names.values()), "boto3 has no waiters for " + ", ".join(names), names)
