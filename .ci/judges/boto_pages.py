"""Paginators of boto3: everything comes once, in order, in pages of the size that was asked for."""
import datetime, json, time
import boto3
from verdicts import check

ODD = ["a b", "a+b", "a%2Bb", "a&b=c", "ä/ö", "日本", "quote\"'", "x<y>", "tab\there", "#hash", "semi;colon", "~tilde", "a\\b", "50%", "…", "\U0001F600", "?query", "plus+/+", "new\nline"]


def order(keys):
    return sorted(keys, key=lambda k: k.encode())


def events():
    """LookupEvents knows no page of more than 50 events, and this looks for 170 of them in pages of 7, 50 and the default."""
    iam, trail = boto3.client("iam"), boto3.client("cloudtrail")
    want = []
    for i in range(170):
        answer = iam.list_roles(MaxItems=1 + i % 3)
        want.append(answer["ResponseMetadata"]["RequestId"])
    select = [{"AttributeKey": "EventName", "AttributeValue": "ListRoles"}]
    for size in (7, 50, None):
        got, sizes, times = [], [], []
        config = {"PageSize": size} if size else {}
        for page in trail.get_paginator("lookup_events").paginate(LookupAttributes=select, PaginationConfig=config):
            sizes.append(len(page["Events"]))
            got += [json.loads(e["CloudTrailEvent"])["requestID"] for e in page["Events"]]
            times += [e["EventTime"] for e in page["Events"]]
        check(sorted(got) == sorted(want), f"lookup_events, {size or 'default'} a page: {len(got)} of {len(want)} events, each once", len(set(got)), sizes)
        check(times == sorted(times, reverse=True), f"lookup_events, {size or 'default'} a page: the newest first")
        check(max(sizes) <= (size or 50) and all(s == (size or 50) for s in sizes[:-1]), f"lookup_events: {len(sizes)} pages are full", sizes)
    first = trail.get_paginator("lookup_events").paginate(LookupAttributes=select, PaginationConfig={"MaxItems": 60, "PageSize": 25}).build_full_result()
    rest = trail.get_paginator("lookup_events").paginate(LookupAttributes=select, PaginationConfig={"StartingToken": first["NextToken"], "PageSize": 25}).build_full_result()
    ids = [e["EventId"] for e in first["Events"] + rest["Events"]]
    check(len(first["Events"]) == 60 and len(ids) == len(set(ids)) == 170, "lookup_events: MaxItems 60, and the rest from its token", len(ids))
    now = datetime.datetime.now(datetime.timezone.utc)
    none = trail.get_paginator("lookup_events").paginate(StartTime=now - datetime.timedelta(days=3), EndTime=now - datetime.timedelta(days=2)).build_full_result()
    check(none.get("Events", []) == [], "lookup_events: a window without events")


def objects():
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="paged")
    keys = ODD + [f"logs/{d}/{i}" for d in ("2025", "2026") for i in range(4)] + ["logs/2026", "logs/", "zz", "A", "Z"]
    for k in keys:
        s3.put_object(Bucket="paged", Key=k, Body=k.encode())
    for name in ("list_objects_v2", "list_objects"):
        for size in (1, 2, 3, 7, 1000):
            pages = list(s3.get_paginator(name).paginate(Bucket="paged", PaginationConfig={"PageSize": size}))
            got = [c["Key"] for p in pages for c in p.get("Contents", [])]
            check(got == order(keys), f"{name}, {size} a page: {len(got)} of {len(keys)} keys in the order of their bytes", got, order(keys))
            check(len(pages) == -(-len(keys) // size), f"{name}, {size} a page: {len(pages)} pages", len(keys))
    listing = s3.get_paginator("list_objects_v2")
    for size in (1, 2, 3):
        some = [c["Key"] for p in listing.paginate(Bucket="paged", Prefix="logs/2026", PaginationConfig={"PageSize": size}) for c in p.get("Contents", [])]
        check(some == order(k for k in keys if k.startswith("logs/2026")), f"list_objects_v2 of a prefix, {size} a page: {len(some)} keys", some)
        after = [c["Key"] for p in listing.paginate(Bucket="paged", StartAfter="logs/2025/2", PaginationConfig={"PageSize": size}) for c in p.get("Contents", [])]
        check(after == order(k for k in keys if k.encode() > b"logs/2025/2"), f"list_objects_v2 after a key, {size} a page: {len(after)} keys", after)
        pages = list(listing.paginate(Bucket="paged", Delimiter="/", PaginationConfig={"PageSize": size}))
        plain = [c["Key"] for p in pages for c in p.get("Contents", [])]
        folders = [c["Prefix"] for p in pages for c in p.get("CommonPrefixes", [])]
        check(plain == order(k for k in keys if "/" not in k), f"list_objects_v2 with a delimiter, {size} a page: {len(plain)} keys", plain)
        check(folders == order({k.split("/")[0] + "/" for k in keys if "/" in k}), f"list_objects_v2 with a delimiter, {size} a page: {len(folders)} common prefixes", folders)
        check(all(p["KeyCount"] == len(p.get("Contents", [])) + len(p.get("CommonPrefixes", [])) <= size for p in pages), f"list_objects_v2 with a delimiter, {size} a page: KeyCount counts both")
    inner = listing.paginate(Bucket="paged", Prefix="logs/", Delimiter="/", StartAfter="logs/2025/3").build_full_result()
    check([c["Key"] for c in inner["Contents"]] == ["logs/2026"] and [c["Prefix"] for c in inner["CommonPrefixes"]] == ["logs/2026/"],
          "list_objects_v2: prefix, delimiter and start-after together", inner)
    check(all(s3.get_object(Bucket="paged", Key=k)["Body"].read() == k.encode() for k in ODD), f"get_object of {len(ODD)} keys with odd characters")
    names = [f"listed-{i}" for i in range(5)]
    for n in names:
        s3.create_bucket(Bucket=n)
    got = [b["Name"] for p in s3.get_paginator("list_buckets").paginate(Prefix="listed-", PaginationConfig={"PageSize": 2}) for b in p["Buckets"]]
    check(got == names, "list_buckets, 2 a page", got)


def versions():
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="versioned")
    s3.put_bucket_versioning(Bucket="versioned", VersioningConfiguration={"Status": "Enabled"})
    made = []
    for i in range(4):
        for key in ("a", "b c", "d/é"):
            made.append((key, s3.put_object(Bucket="versioned", Key=key, Body=b"%d" % i)["VersionId"]))
    marker = s3.delete_object(Bucket="versioned", Key="a")["VersionId"]
    for size in (1, 3, 1000):
        pages = list(s3.get_paginator("list_object_versions").paginate(Bucket="versioned", PaginationConfig={"PageSize": size}))
        got = [(v["Key"], v["VersionId"]) for p in pages for v in p.get("Versions", [])]
        want = [v for key in ("a", "b c", "d/é") for v in reversed(made) if v[0] == key]
        check(got == want, f"list_object_versions, {size} a page: {len(got)} of {len(want)} versions, the newest of each key first", got, want)
        gone = [m["VersionId"] for p in pages for m in p.get("DeleteMarkers", [])]
        check(gone == [marker], f"list_object_versions, {size} a page: one delete marker", gone)


def uploads():
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="uploading")
    ids = {}
    for key in ("one", "two", "two", "th ree"):
        ids.setdefault(key, []).append(s3.create_multipart_upload(Bucket="uploading", Key=key)["UploadId"])
    for size in (1, 2, 1000):
        got = [(u["Key"], u["UploadId"]) for p in s3.get_paginator("list_multipart_uploads").paginate(Bucket="uploading", PaginationConfig={"PageSize": size}) for u in p.get("Uploads", [])]
        check(sorted(got) == sorted((k, i) for k, list_ in ids.items() for i in list_), f"list_multipart_uploads, {size} a page: {len(got)} uploads", got)
        check([k for k, _ in got] == order(k for k, _ in got), f"list_multipart_uploads, {size} a page: in the order of keys")
    upload = {"Bucket": "uploading", "Key": "one", "UploadId": ids["one"][0]}
    for n in (1, 2, 5, 9, 10000):
        s3.upload_part(PartNumber=n, Body=b"x" * n, **upload)
    for size in (1, 2, 1000):
        got = [(p["PartNumber"], p["Size"]) for page in s3.get_paginator("list_parts").paginate(PaginationConfig={"PageSize": size}, **upload) for p in page.get("Parts", [])]
        check(got == [(n, n) for n in (1, 2, 5, 9, 10000)], f"list_parts, {size} a page: {len(got)} parts", got)


def policy(bucket):
    principal = {"Service": "cloudtrail.amazonaws.com"}
    return json.dumps({"Version": "2012-10-17", "Statement": [
        {"Sid": "Check", "Effect": "Allow", "Principal": principal, "Action": "s3:GetBucketAcl", "Resource": f"arn:aws:s3:::{bucket}"},
        {"Sid": "Write", "Effect": "Allow", "Principal": principal, "Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/*",
         "Condition": {"StringEquals": {"s3:x-amz-acl": "bucket-owner-full-control"}}}]})


def trails():
    """A page of ListTrails holds 50 trails, and a region five: twelve regions have more than one page."""
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="trails-logs")
    s3.put_bucket_policy(Bucket="trails-logs", Policy=policy("trails-logs"))
    regions = sorted(r["RegionName"] for r in boto3.client("ec2").describe_regions()["Regions"])[:12]
    clients = {r: boto3.client("cloudtrail", r) for r in regions}
    names = [f"paged-{i}" for i in range(5)]
    want = [clients[r].create_trail(Name=n, S3BucketName="trails-logs")["TrailARN"] for r in regions for n in names]
    client = boto3.client("cloudtrail")
    pages = list(client.get_paginator("list_trails").paginate())
    got = [t["TrailARN"] for p in pages for t in p["Trails"]]
    check(sorted(got) == sorted(want) and len(pages) == 2, f"list_trails: {len(got)} trails in {len(pages)} pages", len(want))
    tags = list(clients[regions[0]].get_paginator("list_tags").paginate(ResourceIdList=want[:2]))
    check([r["ResourceId"] for p in tags for r in p["ResourceTagList"]] == want[:2], "list_tags of two trails", tags)
    for r in regions:
        for n in names:
            clients[r].delete_trail(Name=n)
    check(client.list_trails()["Trails"] == [], "list_trails: all are deleted")
    years = {"StartTime": datetime.datetime(2020, 1, 1), "EndTime": datetime.datetime(2040, 1, 1)}
    keys = [k["Fingerprint"] for p in client.get_paginator("list_public_keys").paginate(**years) for k in p["PublicKeyList"]]
    check(keys and len(keys) == len(set(keys)), f"list_public_keys: {len(keys)} keys", keys)


def topics():
    sns = boto3.client("sns")
    made = [sns.create_topic(Name=f"paged-{i:03}")["TopicArn"] for i in range(205)]
    pages = list(sns.get_paginator("list_topics").paginate())
    got = [t["TopicArn"] for p in pages for t in p["Topics"]]
    check(sorted(got) == sorted(made) and len(pages) == 3, f"list_topics: {len(got)} topics in {len(pages)} pages", len(made))
    heard = [sns.subscribe(TopicArn=made[i % 2], Protocol="sqs", Endpoint=f"arn:aws:sqs:us-east-1:123456789012:q{i}")["SubscriptionArn"] for i in range(220)]
    got = [s["SubscriptionArn"] for p in sns.get_paginator("list_subscriptions").paginate() for s in p["Subscriptions"]]
    check(sorted(got) == sorted(heard), f"list_subscriptions: {len(got)} subscriptions", len(heard))
    got = [s["SubscriptionArn"] for p in sns.get_paginator("list_subscriptions_by_topic").paginate(TopicArn=made[0]) for s in p["Subscriptions"]]
    check(sorted(got) == sorted(heard[::2]), f"list_subscriptions_by_topic: {len(got)} subscriptions", len(heard[::2]))


def roles():
    iam = boto3.client("iam")
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "sts:AssumeRole"}]})
    for i in range(7):
        iam.create_role(RoleName=f"paged-{i}", AssumeRolePolicyDocument=trust, Path="/even/" if i % 2 == 0 else "/odd/")
    for size in (1, 3, 100):
        pages = list(iam.get_paginator("list_roles").paginate(PaginationConfig={"PageSize": size}))
        got = [r["RoleName"] for p in pages for r in p["Roles"] if r["RoleName"].startswith("paged-")]
        check(sorted(got) == [f"paged-{i}" for i in range(7)], f"list_roles, {size} a page: {len(got)} roles in {len(pages)} pages", got)
    got = [r["RoleName"] for p in iam.get_paginator("list_roles").paginate(PathPrefix="/even/", PaginationConfig={"PageSize": 2}) for r in p["Roles"]]
    check(got == ["paged-0", "paged-2", "paged-4", "paged-6"], "list_roles of a path, 2 a page", got)
    for i in range(5):
        iam.put_role_policy(RoleName="paged-0", PolicyName=f"p{i}", PolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "logs:PutLogEvents", "Resource": "*"}]}))
    got = [n for p in iam.get_paginator("list_role_policies").paginate(RoleName="paged-0", PaginationConfig={"PageSize": 2}) for n in p["PolicyNames"]]
    check(got == [f"p{i}" for i in range(5)], "list_role_policies, 2 a page", got)


def queues():
    sqs = boto3.client("sqs")
    made = [sqs.create_queue(QueueName=f"paged-{i}")["QueueUrl"] for i in range(7)]
    for size in (1, 3, 1000):
        pages = list(sqs.get_paginator("list_queues").paginate(QueueNamePrefix="paged-", PaginationConfig={"PageSize": size}))
        got = [u for p in pages for u in p.get("QueueUrls", [])]
        check(sorted(got) == made, f"list_queues, {size} a page: {len(got)} queues in {len(pages)} pages", got)


def log_events():
    logs = boto3.client("logs")
    for i in range(5):
        logs.create_log_group(logGroupName=f"paged-{i}")
    for size in (1, 2, 50):
        got = [g["logGroupName"] for p in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="paged-", PaginationConfig={"PageSize": size}) for g in p["logGroups"]]
        check(got == [f"paged-{i}" for i in range(5)], f"describe_log_groups, {size} a page", got)
    names = [f"stream {i}" for i in range(7)]
    begin = int(time.time() * 1000) - 60_000
    for n, name in enumerate(names):
        logs.create_log_stream(logGroupName="paged-0", logStreamName=name)
        logs.put_log_events(logGroupName="paged-0", logStreamName=name,
                            logEvents=[{"timestamp": begin + i * 10 + n, "message": json.dumps({"n": n, "i": i})} for i in range(30)])
    for size in (1, 3, 50):
        got = [s["logStreamName"] for p in logs.get_paginator("describe_log_streams").paginate(logGroupName="paged-0", PaginationConfig={"PageSize": size}) for s in p["logStreams"]]
        check(got == names, f"describe_log_streams, {size} a page", got)
    want = sorted((begin + i * 10 + n) for n in range(7) for i in range(30))
    for size in (1, 17, 10000):
        pages = list(logs.get_paginator("filter_log_events").paginate(logGroupName="paged-0", PaginationConfig={"PageSize": size}))
        got = [e["timestamp"] for p in pages for e in p["events"]]
        ids = {e["eventId"] for p in pages for e in p["events"]}
        check(sorted(got) == want and len(ids) == len(want), f"filter_log_events, {size} a page: {len(got)} of {len(want)} events, each once", len(ids))
    got = [json.loads(e["message"]) for p in logs.get_paginator("filter_log_events").paginate(
        logGroupName="paged-0", filterPattern="{ $.n = 3 && $.i > 24 }", PaginationConfig={"PageSize": 2}) for e in p["events"]]
    check(got == [{"n": 3, "i": i} for i in range(25, 30)], "filter_log_events with a pattern, 2 a page", got)


def keys_and_aliases():
    kms = boto3.client("kms")
    made = [kms.create_key()["KeyMetadata"]["KeyId"] for _ in range(5)]
    for i, k in enumerate(made):
        kms.create_alias(AliasName=f"alias/paged-{i}", TargetKeyId=k)
    for size in (1, 2, 100):
        got = [k["KeyId"] for p in kms.get_paginator("list_keys").paginate(PaginationConfig={"PageSize": size}) for k in p["Keys"]]
        check(sorted(got) == sorted(made), f"list_keys, {size} a page: {len(got)} keys", got)
        got = [a["AliasName"] for p in kms.get_paginator("list_aliases").paginate(PaginationConfig={"PageSize": size}) for a in p["Aliases"] if a["AliasName"].startswith("alias/paged-")]
        check(sorted(got) == [f"alias/paged-{i}" for i in range(5)], f"list_aliases, {size} a page: {len(got)} aliases", got)
