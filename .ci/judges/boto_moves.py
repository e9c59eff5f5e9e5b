"""boto3's transfers in parts, presigned addresses, resources and streams."""
import hashlib, io, os, tempfile, urllib.error, urllib.request
import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from verdicts import check

MB = 1 << 20


def parts():
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="moved")
    body = os.urandom(16 * MB + 12345)
    config = TransferConfig(multipart_threshold=8 * MB, multipart_chunksize=8 * MB, max_concurrency=4)
    with tempfile.TemporaryDirectory() as folder:
        there, back = os.path.join(folder, "there"), os.path.join(folder, "back")
        with open(there, "wb") as f:
            f.write(body)
        seen = []
        s3.upload_file(there, "moved", "big file", Config=config, Callback=seen.append, ExtraArgs={"Metadata": {"who": "boto3"}, "ContentType": "application/x-test"})
        check(sum(seen) == len(body), "upload_file: every byte is reported once", sum(seen))
        s3.download_file("moved", "big file", back, Config=config)
        with open(back, "rb") as f:
            check(hashlib.sha256(f.read()).digest() == hashlib.sha256(body).digest(), f"upload_file and download_file of {len(body)} bytes in parts of 8 MiB")
    head = s3.head_object(Bucket="moved", Key="big file")
    md5s = b"".join(hashlib.md5(body[i:i + 8 * MB]).digest() for i in range(0, len(body), 8 * MB))
    check(head["ETag"] == '"%s-3"' % hashlib.md5(md5s).hexdigest(), "its ETag is that of three parts", head["ETag"])
    check(head["Metadata"] == {"who": "boto3"} and head["ContentType"] == "application/x-test" and head["ContentLength"] == len(body), "its metadata, content type and length came along", head)
    part = s3.get_object(Bucket="moved", Key="big file", PartNumber=3)
    check(part["Body"].read() == body[16 * MB:] and part["PartsCount"] == 3, "get_object of its third part", part.get("PartsCount"))
    s3.copy({"Bucket": "moved", "Key": "big file"}, "moved", "copy", Config=config)
    check(s3.get_object(Bucket="moved", Key="copy")["Body"].read() == body, "copy in parts")
    target = io.BytesIO()
    s3.download_fileobj("moved", "copy", target, Config=config)
    check(target.getvalue() == body, "download_fileobj")
    for algorithm in ("CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"):
        if algorithm in ("CRC32C", "CRC64NVME") and not has_crt():
            continue
        s3.put_object(Bucket="moved", Key=algorithm, Body=body[:70000], ChecksumAlgorithm=algorithm)
        got = s3.get_object(Bucket="moved", Key=algorithm, ChecksumMode="ENABLED")
        check(got["Body"].read() == body[:70000] and got.get("Checksum" + algorithm), f"put_object and get_object with {algorithm}", got)


def has_crt():
    try:
        import awscrt  # noqa: F401
        return True
    except ImportError:
        return False


def status(request):
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as e:
        return e.code, e.read()


def presigned():
    for version in ("s3v4", "s3"):
        s3 = boto3.client("s3", config=Config(signature_version=version))
        s3.create_bucket(Bucket="signed")
        at = {"Bucket": "signed", "Key": f"by url/ä+{version}"}
        put = s3.generate_presigned_url("put_object", Params=at, ExpiresIn=60)
        code, text = status(urllib.request.Request(put, data=b"hello", method="PUT", headers={"Content-Type": ""}))
        check(code == 200, f"PUT to a presigned address ({version})", code, text)
        code, text = status(s3.generate_presigned_url("get_object", Params=at, ExpiresIn=60))
        check((code, text) == (200, b"hello"), f"GET of a presigned address ({version})", code, text)
        code, _ = status(s3.generate_presigned_url("get_object", Params={"Bucket": "signed", "Key": "none"}))
        check(code == 404, f"GET of a presigned address of no object ({version})", code)
    s3 = boto3.client("s3", config=Config(signature_version="s3v4"))
    expired = s3.generate_presigned_url("list_objects_v2", Params={"Bucket": "signed"}, ExpiresIn=60)
    code, text = status(expired)
    check(code == 200 and text.count(b"<Key>by") == 2, "GET of a presigned listing", code, text)
    form = s3.generate_presigned_post("signed", "posted")
    check(set(form["fields"]) >= {"key", "policy", "x-amz-signature"}, "generate_presigned_post makes its fields")


def resources():
    s3 = boto3.resource("s3")
    bucket = s3.create_bucket(Bucket="resourceful")
    for k in ("logs/1", "logs/2", "other", "logs/3 x"):
        bucket.put_object(Key=k, Body=k.encode())
    check([o.key for o in bucket.objects.filter(Prefix="logs/")] == ["logs/1", "logs/2", "logs/3 x"], "s3.Bucket.objects.filter")
    check([o.key for o in bucket.objects.page_size(1)] == ["logs/1", "logs/2", "logs/3 x", "other"], "s3.Bucket.objects.page_size(1)")
    check([o.key for o in bucket.objects.limit(2)] == ["logs/1", "logs/2"], "s3.Bucket.objects.limit(2)")
    check(s3.Object("resourceful", "other").get()["Body"].read() == b"other", "s3.Object.get")
    gone = bucket.objects.filter(Prefix="logs/").delete()
    check(sorted(d["Key"] for d in gone[0]["Deleted"]) == ["logs/1", "logs/2", "logs/3 x"], "s3.Bucket.objects.delete", gone)
    bucket.objects.all().delete()
    bucket.delete()
    bucket.wait_until_not_exists()
    check(s3.Bucket("resourceful").creation_date is None, "s3.Bucket.delete")
    queue = boto3.resource("sqs").create_queue(QueueName="resourceful")
    topic = boto3.resource("sns").create_topic(Name="resourceful")
    topic.subscribe(Protocol="sqs", Endpoint=queue.attributes["QueueArn"], Attributes={"RawMessageDelivery": "true"})
    queue.set_attributes(Attributes={"Policy": '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}'})
    topic.publish(Message="through both")
    got = queue.receive_messages(WaitTimeSeconds=5)
    check([m.body for m in got] == ["through both"], "sns.Topic.publish to sqs.Queue.receive_messages", got)
    for m in got:
        m.delete()


def streams():
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="streamed")
    s3.put_object(Bucket="streamed", Key="lines", Body=b"one\ntwo\nthree\n")
    check(list(s3.get_object(Bucket="streamed", Key="lines")["Body"].iter_lines()) == [b"one", b"two", b"three"], "get_object, line by line")
    ranged = s3.get_object(Bucket="streamed", Key="lines", Range="bytes=4-6")
    check((ranged["Body"].read(), ranged["ContentRange"], ranged["ResponseMetadata"]["HTTPStatusCode"]) == (b"two", "bytes 4-6/14", 206), "get_object of a range", ranged)
