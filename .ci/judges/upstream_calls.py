"""Calls of many services, and requests that fail, for upstream.py."""
import http.client, json, re, urllib.parse

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError

SECRET = "correct-horse-battery-staple"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]})


def many(stack):
    """Calls of many services by boto3, some of which fail: of each its event source and name, its request id (none where no header has it) and the error code it ended with."""
    n = "calls-" + stack.tag
    missing = f"arn:aws:sns:us-east-1:{stack.account}:nothing"
    calls = [
        ("s3", "create_bucket", {"Bucket": n}),
        ("s3", "put_bucket_versioning", {"Bucket": n, "VersioningConfiguration": {"Status": "Enabled"}}),
        ("s3", "get_bucket_policy", {"Bucket": n}),  # fails
        ("sts", "get_caller_identity", {}),
        ("sts", "assume_role", {"RoleArn": f"arn:aws:iam::{stack.account}:role/deploy", "RoleSessionName": "release"}),
        ("iam", "create_user", {"UserName": n}),
        ("iam", "create_role", {"RoleName": n, "AssumeRolePolicyDocument": TRUST}),
        ("iam", "get_role", {"RoleName": n + "-nobody"}),  # fails
        ("ec2", "describe_regions", {}),
        ("ec2", "describe_vpcs", {}),
        ("ec2", "describe_instances", {"InstanceIds": ["i-0123456789abcdef0"]}),  # fails
        ("sns", "create_topic", {"Name": n}),
        ("sns", "get_topic_attributes", {"TopicArn": missing}),  # fails
        ("sqs", "create_queue", {"QueueName": n}),
        ("sqs", "get_queue_url", {"QueueName": n + "-nothing"}),  # fails
        ("logs", "create_log_group", {"logGroupName": n}),
        ("logs", "delete_log_group", {"logGroupName": n + "-nothing"}),  # fails
        ("kms", "create_key", {"Description": n}),
        ("kms", "describe_key", {"KeyId": "alias/" + n}),  # fails
        ("ssm", "put_parameter", {"Name": "/" + n, "Value": SECRET, "Type": "SecureString"}),
        ("secretsmanager", "create_secret", {"Name": n, "SecretString": SECRET}),
        ("events", "put_rule", {"Name": n, "ScheduleExpression": "rate(1 day)"}),
        ("cloudwatch", "describe_alarms", {}),
        ("lambda", "list_functions", {}),
        ("lambda", "get_function", {"FunctionName": n}),  # fails
        ("route53", "list_hosted_zones", {}),
        ("organizations", "describe_organization", {}),  # fails: there is none, or no such service
    ]
    if stack.kind == "moto":  # LocalStack's would fetch a program from elsewhere
        calls += [
            ("dynamodb", "create_table", {"TableName": n, "BillingMode": "PAY_PER_REQUEST", "KeySchema": [{"AttributeName": "id", "KeyType": "HASH"}],
                                          "AttributeDefinitions": [{"AttributeName": "id", "AttributeType": "S"}]}),
            ("dynamodb", "describe_table", {"TableName": n + "-nothing"}),  # fails
        ]
    return [make(stack, *c) for c in calls]


SOURCES = {"cloudwatch": "monitoring"}


def make(stack, service, operation, arguments):
    client = stack.through(service)
    try:
        answer, code = getattr(client, operation)(**arguments), None
    except ClientError as e:
        answer, code = e.response, e.response["Error"]["Code"]
    headers = answer["ResponseMetadata"]["HTTPHeaders"]  # moto's XML has ids that are always the same
    return {
        "source": SOURCES.get(service, service) + ".amazonaws.com", "name": client.meta.method_to_api_mapping[operation],
        "id": headers.get("x-amzn-requestid") or headers.get("x-amz-request-id"), "code": code,
    }


FORM = "application/x-www-form-urlencoded; charset=utf-8"


def failing(bucket, account):
    """Requests that fail: signing name, method, path with query, headers, body."""
    def form(service, version, **fields):
        return service, "POST", "/", {"Content-Type": FORM}, urllib.parse.urlencode({"Version": version} | fields)

    def target(service, name, version="1.1", **body):
        return service, "POST", "/", {"Content-Type": f"application/x-amz-json-{version}", "X-Amz-Target": name}, json.dumps(body)

    return [
        ("s3", "GET", "/nothing-here-at-all?policy", {}, ""),
        ("s3", "GET", f"/{bucket}/no%20such/key", {}, ""),
        ("s3", "HEAD", f"/{bucket}/none", {}, ""),
        ("s3", "DELETE", "/nothing-here-at-all", {}, ""),
        ("s3", "GET", f"/{bucket}?tagging", {}, ""),
        ("s3", "PUT", f"/{bucket}?versioning", {"Content-Type": "application/xml"}, "<not xml"),
        ("s3", "POST", f"/{bucket}/key?uploadId=none", {"Content-Type": "application/xml"}, "<CompleteMultipartUpload/>"),
        form("sns", "2010-03-31", Action="Publish", TopicArn=f"arn:aws:sns:us-east-1:{account}:none", Message="text"),
        form("iam", "2010-05-08", Action="GetRole", RoleName="none"),
        form("iam", "2010-05-08", Action="NoSuchAction"),
        form("ec2", "2016-11-15", Action="DescribeInstances", **{"InstanceId.1": "i-0123456789abcdef0"}),
        target("sqs", "AmazonSQS.GetQueueUrl", "1.0", QueueName="none"),
        target("logs", "Logs_20140328.DescribeLogStreams", logGroupName="none"),
        target("kms", "TrentService.DescribeKey", KeyId="alias/none"),
        target("ssm", "AmazonSSM.GetParameter", Name="/none"),
        target("ssm", "AmazonSSM.NoSuchOperation"),
        target("secretsmanager", "secretsmanager.GetSecretValue", SecretId="none"),
        ("lambda", "GET", "/2015-03-31/functions/none", {}, ""),
    ]


def exchange(address, request):
    """Sends a request, signed for its service: status, headers and body of the answer."""
    service, method, path, headers, body = request
    signed = AWSRequest(method=method, url=address + path, headers=headers, data=body)
    auth = S3SigV4Auth if service == "s3" else SigV4Auth
    auth(Credentials("operator", "judge"), service, "us-east-1").add_auth(signed)
    c = http.client.HTTPConnection(address.removeprefix("http://"), timeout=30)
    c.request(method, path, body=body.encode() or None, headers=dict(signed.headers))
    answer = c.getresponse()
    text = answer.read()
    c.close()
    return answer.status, answer.getheaders(), text


# What differs between two answers to the same question of the same server, and what belongs to one connection only.
PASSING = {"date", "connection", "keep-alive", "transfer-encoding", "x-amz-request-id", "x-amzn-requestid", "x-amz-id-2"}
IDS = re.compile(rb"<(RequestI[dD]|RequestID|HostId)>[^<]*</|\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")


def comparable(answer):
    status, headers, text = answer
    return status, sorted((k.lower(), v) for k, v in headers if k.lower() not in PASSING), IDS.sub(b"ID", text)
