"""Calls that fail on AWS: the code and the HTTP status of each, and the exception that boto3 makes of it. Codes are those that the service models
declare (and CloudTrail's and S3's error lists, for what no model declares)."""
import json
import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from boto_pages import policy
from verdicts import check

NOBODY = "arn:aws:cloudtrail:us-east-1:123456789012:trail/nobody"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}]})


def ground():
    """What the failing calls are about."""
    s3, trail, iam = boto3.client("s3"), boto3.client("cloudtrail"), boto3.client("iam")
    for name in ("failing", "failing-bare"):
        s3.create_bucket(Bucket=name)
    boto3.client("s3", "eu-west-1").create_bucket(Bucket="failing-abroad", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    s3.delete_public_access_block(Bucket="failing-bare")
    s3.put_bucket_policy(Bucket="failing", Policy=policy("failing"))
    s3.put_object(Bucket="failing", Key="one", Body=b"12345")
    trail.create_trail(Name="failing", S3BucketName="failing", IsMultiRegionTrail=True)
    iam.create_role(RoleName="failing", AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName="failing", PolicyName="p", PolicyDocument='{"Version":"2012-10-17","Statement":[]}'.replace("[]", '[{"Effect":"Allow","Action":"s3:*","Resource":"*"}]'))
    boto3.client("logs").create_log_group(logGroupName="failing")
    boto3.client("sqs").create_queue(QueueName="failing", Attributes={"VisibilityTimeout": "7"})
    boto3.client("sns").create_topic(Name="failing")
    key = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    boto3.client("kms").create_alias(AliasName="alias/failing", TargetKeyId=key)
    gone = boto3.client("kms").create_key()["KeyMetadata"]["KeyId"]
    boto3.client("kms").schedule_key_deletion(KeyId=gone)
    upload = s3.create_multipart_upload(Bucket="failing", Key="parts")["UploadId"]
    small = [{"PartNumber": n, "ETag": s3.upload_part(Bucket="failing", Key="parts", UploadId=upload, PartNumber=n, Body=b"x")["ETag"]} for n in (1, 2)]
    for i in range(4):  # a region has five trails
        boto3.client("cloudtrail", "us-west-2").create_trail(Name=f"failing-{i}", S3BucketName="failing")
    return key, gone, upload, small


def table():
    """(client, operation, arguments, code, status); the exception has the name of the code unless a sixth says otherwise."""
    key, gone, upload, small = ground()
    trail = boto3.client("cloudtrail")
    west, abroad = boto3.client("cloudtrail", "us-west-2"), boto3.client("cloudtrail", "eu-west-1")
    arn = trail.get_trail(Name="failing")["Trail"]["TrailARN"]
    attribute = {"AttributeKey": "EventName", "AttributeValue": "x"}
    management = {"Name": "m", "FieldSelectors": [{"Field": "eventCategory", "Equals": ["Management"]}]}
    make = {"Name": "made", "S3BucketName": "failing"}
    yield from [(trail, *row) for row in [
        ("get_trail", {"Name": "nobody"}, "TrailNotFoundException", 400),
        ("get_trail", {"Name": NOBODY}, "TrailNotFoundException", 400),
        ("get_trail_status", {"Name": "nobody"}, "TrailNotFoundException", 400),
        ("start_logging", {"Name": "nobody"}, "TrailNotFoundException", 400),
        ("stop_logging", {"Name": NOBODY}, "TrailNotFoundException", 400),
        ("delete_trail", {"Name": "nobody"}, "TrailNotFoundException", 400),
        ("update_trail", {"Name": "nobody", "S3BucketName": "failing"}, "TrailNotFoundException", 400),
        ("get_event_selectors", {"TrailName": "nobody"}, "TrailNotFoundException", 400),
        ("get_trail", {"Name": "ab"}, "InvalidTrailNameException", 400),
        ("get_trail", {"Name": "arn:aws:cloudtrail:us-east-1:123456789012:nothing/x"}, "CloudTrailARNInvalidException", 400),
        ("create_trail", {**make, "Name": "ab"}, "InvalidTrailNameException", 400),
        ("create_trail", {**make, "Name": "a..b"}, "InvalidTrailNameException", 400),
        ("create_trail", {**make, "Name": "192.168.5.4"}, "InvalidTrailNameException", 400),
        ("create_trail", {**make, "Name": "x" * 129}, "InvalidTrailNameException", 400),
        ("create_trail", {**make, "Name": "failing"}, "TrailAlreadyExistsException", 400),
        ("create_trail", {**make, "S3BucketName": "nobodys-bucket"}, "S3BucketDoesNotExistException", 400),
        ("create_trail", {**make, "S3BucketName": "Not_A_Bucket"}, "InvalidS3BucketNameException", 400),
        ("create_trail", {**make, "S3BucketName": "failing-bare"}, "InsufficientS3BucketPolicyException", 400),
        ("create_trail", {**make, "S3KeyPrefix": "p" * 201}, "InvalidS3PrefixException", 400),
        ("create_trail", {**make, "SnsTopicName": "failing"}, "InsufficientSnsTopicPolicyException", 400),
        ("create_trail", {**make, "SnsTopicName": "not a topic"}, "InvalidSnsTopicNameException", 400),
        ("create_trail", {**make, "KmsKeyId": "alias/nobody"}, "KmsKeyNotFoundException", 400),
        ("create_trail", {**make, "KmsKeyId": "alias/failing"}, "InsufficientEncryptionPolicyException", 400),
        ("create_trail", {**make, "CloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:nobody:*",
                          "CloudWatchLogsRoleArn": "arn:aws:iam::123456789012:role/failing"}, "InvalidCloudWatchLogsLogGroupArnException", 400),
        ("create_trail", {**make, "CloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:failing:*",
                          "CloudWatchLogsRoleArn": "arn:aws:iam::123456789012:role/failing"}, "InvalidCloudWatchLogsLogGroupArnException", 400),  # the role may not write there
        ("create_trail", {**make, "CloudWatchLogsLogGroupArn": "arn:aws:logs:us-east-1:123456789012:log-group:failing:*",
                          "CloudWatchLogsRoleArn": "arn:aws:iam::123456789012:role/nobody"}, "InvalidCloudWatchLogsRoleArnException", 400),
        ("create_trail", {**make, "IsMultiRegionTrail": True, "IncludeGlobalServiceEvents": False}, "InvalidParameterCombinationException", 400),
        ("create_trail", {**make, "TagsList": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}, "InvalidTagParameterException", 400),
        ("lookup_events", {"MaxResults": 51}, "InvalidMaxResultsException", 400),
        ("lookup_events", {"NextToken": "no token"}, "InvalidNextTokenException", 400),
        ("lookup_events", {"StartTime": 2_000_000_000, "EndTime": 1_900_000_000}, "InvalidTimeRangeException", 400),
        ("lookup_events", {"LookupAttributes": [attribute, attribute]}, "InvalidLookupAttributesException", 400),
        ("lookup_events", {"EventCategory": "weather"}, "InvalidEventCategoryException", 400),
        ("list_public_keys", {"StartTime": 2_000_000_000, "EndTime": 1_900_000_000}, "InvalidTimeRangeException", 400),
        ("put_event_selectors", {"TrailName": "failing"}, "InvalidEventSelectorsException", 400),
        ("put_event_selectors", {"TrailName": "failing", "AdvancedEventSelectors": [{"FieldSelectors": [{"Field": "eventCategory", "Equals": ["Weather"]}]}]}, "InvalidEventSelectorsException", 400),
        ("put_event_selectors", {"TrailName": "failing", "EventSelectors": [{"ReadWriteType": "All"}] * 6}, "InvalidEventSelectorsException", 400),
        ("put_event_selectors", {"TrailName": "nobody", "AdvancedEventSelectors": [management]}, "TrailNotFoundException", 400),
        ("put_insight_selectors", {"TrailName": "failing", "InsightSelectors": [{"InsightType": "Weather"}]}, "InvalidInsightSelectorsException", 400),
        ("get_insight_selectors", {"TrailName": "failing"}, "InsightNotEnabledException", 400),
        ("add_tags", {"ResourceId": NOBODY, "TagsList": [{"Key": "a"}]}, "ResourceNotFoundException", 400),
        ("add_tags", {"ResourceId": arn, "TagsList": [{"Key": f"k{i}"} for i in range(51)]}, "TagsLimitExceededException", 400),
        ("list_tags", {"ResourceIdList": ["failing"]}, "CloudTrailARNInvalidException", 400),
    ]]
    yield abroad, "update_trail", {"Name": arn, "S3BucketName": "failing"}, "InvalidHomeRegionException", 400
    yield abroad, "delete_trail", {"Name": "failing"}, "TrailNotFoundException", 400
    yield west, "create_trail", make, "MaximumNumberOfTrailsExceededException", 400
    yield boto3.client("cloudtrail", "me-south-1"), "describe_trails", {}, "UnrecognizedClientException", 400, "ClientError"
    s3 = boto3.client("s3")
    one, parts = {"Bucket": "failing", "Key": "one"}, {"Bucket": "failing", "Key": "parts", "UploadId": upload}
    yield from [(s3, *row) for row in [
        ("head_bucket", {"Bucket": "nobodys-bucket"}, "404", 404, "ClientError"),
        ("head_object", {"Bucket": "failing", "Key": "none"}, "404", 404, "ClientError"),
        ("get_object", {"Bucket": "failing", "Key": "none"}, "NoSuchKey", 404),
        ("get_object", {"Bucket": "nobodys-bucket", "Key": "x"}, "NoSuchBucket", 404, "NoSuchBucket"),
        ("list_objects_v2", {"Bucket": "nobodys-bucket"}, "NoSuchBucket", 404),
        ("get_object", {**one, "Range": "bytes=9-12"}, "InvalidRange", 416, "ClientError"),
        ("get_object", {**one, "IfMatch": '"other"'}, "PreconditionFailed", 412, "ClientError"),
        ("get_object", {**one, "VersionId": "null0000"}, "InvalidArgument", 400, "ClientError"),
        ("put_object", {**one, "Body": b"2", "IfNoneMatch": "*"}, "PreconditionFailed", 412, "ClientError"),
        ("get_bucket_policy", {"Bucket": "failing-bare"}, "NoSuchBucketPolicy", 404, "ClientError"),
        ("put_bucket_policy", {"Bucket": "failing", "Policy": "{"}, "MalformedPolicy", 400, "ClientError"),
        ("get_public_access_block", {"Bucket": "failing-bare"}, "NoSuchPublicAccessBlockConfiguration", 404, "ClientError"),
        ("get_bucket_tagging", {"Bucket": "failing"}, "NoSuchTagSet", 404, "ClientError"),
        ("get_bucket_lifecycle_configuration", {"Bucket": "failing"}, "NoSuchLifecycleConfiguration", 404, "ClientError"),
        ("delete_bucket", {"Bucket": "failing"}, "BucketNotEmpty", 409, "ClientError"),
        ("delete_bucket", {"Bucket": "nobodys-bucket"}, "NoSuchBucket", 404),
        ("create_bucket", {"Bucket": "UPPER"}, "InvalidBucketName", 400, "ClientError"),
        ("list_objects_v2", {"Bucket": "failing", "ContinuationToken": "no token"}, "InvalidArgument", 400, "ClientError"),
        ("list_parts", {**parts, "UploadId": "none"}, "NoSuchUpload", 404),
        ("complete_multipart_upload", {**parts, "MultipartUpload": {"Parts": small}}, "EntityTooSmall", 400, "ClientError"),
        ("complete_multipart_upload", {**parts, "MultipartUpload": {"Parts": small[::-1]}}, "InvalidPartOrder", 400, "ClientError"),
        ("complete_multipart_upload", {**parts, "MultipartUpload": {"Parts": [{"PartNumber": 9, "ETag": '"x"'}]}}, "InvalidPart", 400, "ClientError"),
        ("put_bucket_notification_configuration", {"Bucket": "failing", "NotificationConfiguration": {"TopicConfigurations": [
            {"TopicArn": "arn:aws:sns:us-east-1:123456789012:nobody", "Events": ["s3:ObjectCreated:*"]}]}}, "InvalidArgument", 400, "ClientError"),
    ]]
    elsewhere = boto3.client("s3", "eu-west-1")
    yield elsewhere, "create_bucket", {"Bucket": "failing-abroad", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}, "BucketAlreadyOwnedByYou", 409
    yield elsewhere, "create_bucket", {"Bucket": "made", "CreateBucketConfiguration": {"LocationConstraint": "us-west-2"}}, "IllegalLocationConstraintException", 400, "ClientError"
    yield elsewhere, "create_bucket", {"Bucket": "made"}, "IllegalLocationConstraintException", 400, "ClientError"
    sns, nobody = boto3.client("sns"), "arn:aws:sns:us-east-1:123456789012:nobody"
    yield from [(sns, *row) for row in [
        ("get_topic_attributes", {"TopicArn": nobody}, "NotFound", 404, "NotFoundException"),
        ("publish", {"TopicArn": nobody, "Message": "m"}, "NotFound", 404, "NotFoundException"),
        ("get_topic_attributes", {"TopicArn": "nonsense"}, "InvalidParameter", 400, "InvalidParameterException"),
        ("create_topic", {"Name": "not a topic"}, "InvalidParameter", 400, "InvalidParameterException"),
        ("subscribe", {"TopicArn": nobody[:-6] + "failing", "Protocol": "pigeon", "Endpoint": "x"}, "InvalidParameter", 400, "InvalidParameterException"),
    ]]
    sqs = boto3.client("sqs")
    url = sqs.get_queue_url(QueueName="failing")["QueueUrl"]
    yield from [(sqs, *row) for row in [
        ("get_queue_url", {"QueueName": "nobody"}, "AWS.SimpleQueueService.NonExistentQueue", 400, "QueueDoesNotExist"),
        ("receive_message", {"QueueUrl": url + "-not"}, "AWS.SimpleQueueService.NonExistentQueue", 400, "QueueDoesNotExist"),
        ("create_queue", {"QueueName": "failing", "Attributes": {"VisibilityTimeout": "8"}}, "QueueAlreadyExists", 400, "QueueNameExists"),
        ("delete_message", {"QueueUrl": url, "ReceiptHandle": "nonsense"}, "ReceiptHandleIsInvalid", 404),
    ]]
    yield from [(boto3.client("iam"), *row) for row in [
        ("get_role", {"RoleName": "nobody"}, "NoSuchEntity", 404, "NoSuchEntityException"),
        ("get_role_policy", {"RoleName": "failing", "PolicyName": "nobody"}, "NoSuchEntity", 404, "NoSuchEntityException"),
        ("create_role", {"RoleName": "failing", "AssumeRolePolicyDocument": TRUST}, "EntityAlreadyExists", 409, "EntityAlreadyExistsException"),
        ("create_role", {"RoleName": "made", "AssumeRolePolicyDocument": "{"}, "MalformedPolicyDocument", 400, "MalformedPolicyDocumentException"),
        ("delete_role", {"RoleName": "failing"}, "DeleteConflict", 409, "DeleteConflictException"),
    ]]
    yield from [(boto3.client("logs"), *row) for row in [
        ("create_log_group", {"logGroupName": "failing"}, "ResourceAlreadyExistsException", 400),
        ("describe_log_streams", {"logGroupName": "nobody"}, "ResourceNotFoundException", 400),
        ("put_log_events", {"logGroupName": "failing", "logStreamName": "nobody", "logEvents": [{"timestamp": 1, "message": "m"}]}, "ResourceNotFoundException", 400),
        ("put_retention_policy", {"logGroupName": "failing", "retentionInDays": 4}, "InvalidParameterException", 400),
    ]]
    yield from [(boto3.client("kms"), *row) for row in [
        ("describe_key", {"KeyId": "alias/nobody"}, "NotFoundException", 400),
        ("create_alias", {"AliasName": "alias/failing", "TargetKeyId": key}, "AlreadyExistsException", 400),
        ("enable_key", {"KeyId": gone}, "KMSInvalidStateException", 400),
        ("get_key_policy", {"KeyId": key, "PolicyName": "other"}, "NotFoundException", 400),
    ]]
    yield from [(boto3.client("sts"), *row) for row in [
        # A role that is not there is AccessDenied on AWS; the sandbox lets everybody be any role.
        ("assume_role", {"RoleArn": "arn:aws:iam::123456789012:nothing/nobody", "RoleSessionName": "session"}, "ValidationError", 400, "ClientError"),
        ("get_session_token", {"DurationSeconds": 900_000}, "ValidationError", 400, "ClientError"),
    ]]
    yield boto3.client("organizations"), "describe_organization", {}, "AWSOrganizationsNotInUseException", 400


def codes():
    calls = 0
    for client, operation, arguments, code, http, *exception in table():
        calls += 1
        name = f"{client.meta.service_model.service_name} {operation}"
        try:
            answer = getattr(client, operation)(**arguments)
            check(False, f"{name} fails with {code}", arguments, answer)
        except ClientError as e:
            seen = e.response["Error"]["Code"], e.response["ResponseMetadata"]["HTTPStatusCode"]
            kind = exception[0] if exception else code
            check(seen == (code, http) and type(e).__name__ == kind, f"{name} fails with {code} (HTTP {http}), raised as {kind}", arguments, seen, type(e).__name__, str(e))
            check(e.response["Error"].get("Message") and e.response["ResponseMetadata"].get("RequestId"), f"{name}: the error has a message and a request id", e.response)
    check(calls >= 30, f"{calls} calls that fail")


def modeled():
    """The exceptions of the service models are caught by their class."""
    trail, s3 = boto3.client("cloudtrail"), boto3.client("s3")
    for client, call, kind in [
        (trail, lambda: trail.get_trail(Name="nobody"), "TrailNotFoundException"),
        (s3, lambda: s3.get_object(Bucket="failing", Key="none"), "NoSuchKey"),
        (boto3.client("iam"), lambda: boto3.client("iam").get_role(RoleName="nobody"), "NoSuchEntityException"),
    ]:
        try:
            call()
            check(False, f"client.exceptions.{kind} is raised")
        except getattr(client.exceptions, kind) as e:
            check(True, f"except client.exceptions.{kind} catches it: {e.response['Error']['Code']}")
    once = boto3.client("cloudtrail", config=Config(retries={"total_max_attempts": 1}))
    try:
        once.get_trail(Name="nobody")
    except ClientError as e:
        check(e.operation_name == "GetTrail" and e.response["ResponseMetadata"]["RetryAttempts"] == 0, "the error names its operation, and was not retried")
