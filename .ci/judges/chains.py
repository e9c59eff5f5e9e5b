"""Digest chains of many kinds in a sandbox, each proved by the AWS CLI's validate-logs and by trailctl: see chains.sh.
The sandbox's clock is moved, so that hours and months pass at once. The AWS CLI runs in this process, through its own
entry point."""
import contextlib, gzip, io, json, os, re, subprocess, sys, time, urllib.request
from datetime import datetime

sys.dont_write_bytecode = True
import botocore.session
from awscli import __version__
from awscli.clidriver import create_clidriver

ENDPOINT, HOME, ACCOUNT = os.environ["AWS_ENDPOINT_URL"], "us-east-1", "123456789012"
REGIONS = ["us-east-1", "eu-west-1", "ap-southeast-2"]
passed = 0


class Failure(Exception):
    pass


def must(true, what, *shown):
    if not true:
        raise Failure(what + "".join("\n" + str(s)[-6000:] for s in shown))


def ok(what):
    global passed
    passed += 1
    print("ok: " + what, flush=True)


# ------------------------------------------------------------ who is asked
def aws(*args, account=None, region=HOME):
    """Runs the AWS CLI; returns its exit code, standard output and standard error."""
    os.environ["AWS_ACCESS_KEY_ID"], out, err = account or ACCOUNT, io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = create_clidriver().main([*args, "--region", region])
    return code, out.getvalue(), err.getvalue()


def do(*args, **where):
    """An AWS CLI call that must succeed; returns its answer."""
    code, out, err = aws(*args, **where)
    must(code == 0, f"aws {' '.join(args)}: exit code {code}", out, err)
    return json.loads(out) if out.strip() else {}


def trailctl(*args, code=0):
    p = subprocess.run(["trailctl", *args], capture_output=True, text=True, env={**os.environ, "AWS_ACCESS_KEY_ID": ACCOUNT})
    must(code is None or p.returncode == code, f"trailctl {' '.join(args)}: exit code {p.returncode}", p.stdout, p.stderr)
    return p


SESSION = botocore.session.get_session()


def client(service, region=HOME, account=ACCOUNT):
    return SESSION.create_client(service, region, endpoint_url=ENDPOINT, aws_access_key_id=account, aws_secret_access_key="x")


S3 = client("s3")


# ------------------------------------------------------------ time and calls
def now():
    with urllib.request.urlopen(ENDPOINT + "/_sandbox/status") as r:
        return json.load(r)["time"][:19] + "Z"


def advance(length):
    """What "trailctl sandbox advance" does, without a process of its own."""
    urllib.request.urlopen(urllib.request.Request(f"{ENDPOINT}/_sandbox/advance?by={length}", method="POST")).close()


def hours(n, regions=(HOME,), accounts=(ACCOUNT,)):
    """Lets n hours pass, with calls in each region of each account that make two log files an hour."""
    clients = [client("logs", r, a) for r in regions for a in accounts]
    for _ in range(n):
        for length in ("25m", "35m"):
            for c in clients:
                c.describe_log_groups()
            advance(length)


# ------------------------------------------------------------ chains in the bucket
class Chain:
    """What a trail delivered from one region of one account, as it lies in its buckets, read without any validator."""

    def __init__(self, trail, places, start, region=HOME, account=ACCOUNT):
        self.trail, self.start, self.end, self.region, self.account = trail, start, now(), region, account
        self.arn = f"arn:aws:cloudtrail:{HOME}:{ACCOUNT}:trail/{trail}"
        self.digests, self.backfills, logs = {}, {}, {}
        for bucket, base in places:
            for page in S3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=base + account + "/"):
                for o in page.get("Contents", []):
                    uri = f"s3://{bucket}/{o['Key']}"
                    if f"/CloudTrail/{region}/" in uri:
                        logs[uri] = o["LastModified"].strftime("%Y-%m-%dT%H:%M:%SZ")
                    elif f"/CloudTrail-Digest/{region}/" in uri and f"_{trail}_{HOME}_" in uri:
                        kind = self.backfills if uri.endswith("_backfill.json.gz") else self.digests
                        d = json.loads(gzip.decompress(fetch(uri)[0]))
                        if d["digestEndTime"] >= start:
                            kind[uri] = d
        self.digests, self.backfills = by_end(self.digests), by_end(self.backfills)
        listed = [f"s3://{f['s3Bucket']}/{f['s3Object']}" for d in [*self.digests.values(), *self.backfills.values()] for f in d["logFiles"]]
        must(len(listed) == len(set(listed)), f"{trail} {region}: a log file stands in two digest files")
        last = max((d["digestEndTime"] for d in self.digests.values()), default="")
        first = min((d["digestStartTime"] for d in self.digests.values()), default="")
        missing = [u for u, at in logs.items() if first < at <= last and u not in listed]
        must(not missing, f"{trail} {region}: no digest file lists", missing)
        self.logs = len(listed)
        self.named = {f"s3://{d['previousDigestS3Bucket']}/{d['previousDigestS3Object']}" for d in [*self.digests.values(), *self.backfills.values()]}

    def counts(self):
        return {"digest": len(self.digests), "backfill digest": len(self.backfills), "log": self.logs}


def by_end(digests):
    return dict(sorted(digests.items(), key=lambda d: d[1]["digestEndTime"]))


def fetch(uri):
    bucket, key = uri[5:].split("/", 1)
    o = S3.get_object(Bucket=bucket, Key=key)
    return o["Body"].read(), o["Metadata"]


def store(uri, body, metadata):
    bucket, key = uri[5:].split("/", 1)
    S3.put_object(Bucket=bucket, Key=key, Body=body, Metadata=metadata, ContentType="application/json", ContentEncoding="gzip")


# ------------------------------------------------------------ the two validators
def reference(c, organization):
    """The AWS CLI's exit code, counts of valid files, files that it finds fault with, and output."""
    args = ["--account-id", c.account] if organization else []
    code, out, err = aws("cloudtrail", "validate-logs", "--trail-arn", c.arn, "--start-time", c.start, "--end-time", c.end, "--verbose", *args, region=c.region)
    counts = {kind: int(n) for n, kind in re.findall(r"^(\d+)/\d+ (digest|backfill digest|log) files valid", out, re.M)}
    return code, counts, set(re.findall(r"(s3://\S+)\tINVALID", err)), out + err


def ours(c):
    p = trailctl("validate", c.arn, "--account-id", c.account, "--region", c.region, "--start-time", c.start, "--end-time", c.end, "--output", "json", code=None)
    try:
        r = json.loads(p.stdout)
    except ValueError:
        raise Failure(f"trailctl validate printed no report, exit code {p.returncode}\n{p.stderr}")
    counts = {"digest": r["digestFiles"]["valid"], "backfill digest": r["backfillDigestFiles"]["valid"], "log": r["logFiles"]["valid"]}
    bad = {f["uri"] for f in r["findings"] if f["severity"] in ("invalid", "missing")}
    return p.returncode, counts, bad, p.stdout + p.stderr


def valid(what, c, least, organization=False):
    """Both must find the chain valid, with all that lies in the bucket and at least so many files."""
    want = c.counts()
    must(all(want[kind] >= n for kind, n in least.items()), f"{what}: too little was delivered: {want}, want at least {least}")
    code, counts, bad, text = reference(c, organization)
    must(code == 0 and not bad and "INVALID" not in text, f"{what}: validate-logs finds fault, exit code {code}", text)
    must({**dict.fromkeys(want, 0), **counts} == want, f"{what}: validate-logs counts {counts}, and the bucket holds {want}", text)
    code, counts, bad, text = ours(c)
    must(code == 0 and not bad and counts == want, f"{what}: trailctl validate: exit code {code}, {counts}, and the bucket holds {want}", text)
    ok(f"{what}: both find valid " + ", ".join(f"{n} {kind} files" for kind, n in want.items() if n))


def tampered(what, c, digests=None, organization=False):
    """One byte of a log file, one digest file, one signature: both must name that file and no other."""
    digests = c.digests if digests is None else digests
    named = [u for u in digests if u in c.named and digests[u]["logFiles"]]  # the AWS CLI misses no other
    must(named, f"{what}: no digest file is named by another", c.digests, c.backfills)
    uri = named[len(named) // 2]
    log = "s3://{s3Bucket}/{s3Object}".format(**digests[uri]["logFiles"][0])

    def one_byte():
        body, metadata = fetch(log)
        text = gzip.decompress(body)
        at = text.index(b'"eventVersion":"1') + 16
        store(log, gzip.compress(text[:at] + b"2" + text[at + 1:]), metadata)

    def one_digest():
        bucket, key = uri[5:].split("/", 1)
        S3.delete_object(Bucket=bucket, Key=key)

    def one_signature():
        body, metadata = fetch(uri)
        s = metadata["signature"]
        store(uri, body, {**metadata, "signature": ("0" if s[0] != "0" else "1") + s[1:]})

    for change, file in ((one_byte, log), (one_digest, uri), (one_signature, uri)):
        kept = fetch(file)
        change()
        for who, want, (code, _, bad, text) in (("validate-logs", 1, reference(c, organization)), ("trailctl validate", 3, ours(c))):
            must(code == want and bad == {file}, f"{what}, {change.__name__} of {file}: {who} has exit code {code} and finds {bad}", text)
        store(file, *kept)
        ok(f"{what}, {change.__name__.replace('_', ' ')} changed: both find {file.rsplit('/', 1)[1]}".replace("digest changed", "digest deleted"))


def unseen(what, c, uri):
    """A deletion that the AWS CLI does not see, as no other digest file names this one; its log files tell trailctl."""
    kept, (bucket, key) = fetch(uri), uri[5:].split("/", 1)
    S3.delete_object(Bucket=bucket, Key=key)
    code, _, bad, text = reference(c, False)
    must(code == 0 and not bad, f"{what}: validate-logs sees it now, exit code {code}: let tampered judge it", text)
    code, _, bad, text = ours(c)
    folder = uri.split(f"/{c.region}/")[0] + f"/{c.region}/"
    must(code == 3 and bad == {folder}, f"{what}: trailctl validate: exit code {code}, {bad}", text)
    store(uri, *kept)
    ok(f"{what}: validate-logs does not see it, trailctl validate misses the digest file of its log files")


# ------------------------------------------------------------ the chains
def create(name, *flags):
    trailctl("trail", "create", name, "--bucket", name + "-logs", *flags, "--output", "json")
    return now()


def delete(name):
    do("cloudtrail", "delete-trail", "--name", name)


@contextlib.contextmanager
def refusing(bucket):
    """The bucket's policy refuses log files, and takes digest files."""
    policy = do("s3api", "get-bucket-policy", "--bucket", bucket)["Policy"]
    denied = json.loads(policy)
    denied["Statement"].append({"Sid": "NoLogFiles", "Effect": "Deny", "Principal": {"Service": "cloudtrail.amazonaws.com"}, "Action": "s3:PutObject",
                                "Resource": f"arn:aws:s3:::{bucket}/AWSLogs/{ACCOUNT}/CloudTrail/*"})
    do("s3api", "put-bucket-policy", "--bucket", bucket, "--policy", json.dumps(denied))
    yield
    do("s3api", "put-bucket-policy", "--bucket", bucket, "--policy", policy)


def several_regions():
    start = create("regional")
    hours(3, REGIONS)
    advance("1m")
    for region in REGIONS:
        c = Chain("regional", [("regional-logs", "AWSLogs/")], start, region)
        valid(f"trail of all regions, {region}", c, {"digest": 3, "log": 5})
    tampered("trail of all regions, eu-west-1", Chain("regional", [("regional-logs", "AWSLogs/")], start, "eu-west-1"))
    delete("regional")


def organization():
    do("organizations", "create-organization", "--feature-set", "ALL")
    members = [do("organizations", "create-account", "--email", f"{n}@example.com", "--account-name", n)["CreateAccountStatus"]["AccountId"] for n in ("one", "two")]
    do("organizations", "enable-aws-service-access", "--service-principal", "cloudtrail.amazonaws.com")
    id = do("organizations", "describe-organization")["Organization"]["Id"]
    start = create("org", "--organization")
    accounts = [ACCOUNT, *members]
    hours(3, REGIONS[:2], accounts)
    advance("1m")
    for role, account in zip(("management", "first member", "second member"), accounts):
        for region in REGIONS[:2] if account == members[0] else REGIONS[:1]:
            c = Chain("org", [("org-logs", f"AWSLogs/{id}/")], start, region, account)
            valid(f"organization, {role} account, {region}", c, {"digest": 3, "log": 5}, True)
    tampered("organization, second member account", Chain("org", [("org-logs", f"AWSLogs/{id}/")], start, HOME, members[1]), organization=True)
    delete("org")


def backfill():
    start = create("late", "--single-region")
    hours(1)
    with refusing("late-logs"):
        hours(3)
        status = do("cloudtrail", "get-trail-status", "--name", "late")
        must(status.get("LatestDeliveryError") == "AccessDenied" and "LatestDigestDeliveryError" not in status, "the status while log files are refused", status)
    hours(2)
    advance("1m")
    c = Chain("late", [("late-logs", "AWSLogs/")], start)
    valid("backfill", c, {"digest": 6, "backfill digest": 3, "log": 9})
    ends = [d["digestEndTime"] for d in c.backfills.values()]
    empty = [d["digestEndTime"] for d in c.digests.values() if not d["logFiles"]]
    must(ends == empty, f"the backfill is of the periods that end {ends}, and the ordinary digest files without log files end {empty}")
    ok(f"backfill: the {len(ends)} periods whose ordinary digest files list nothing")
    tampered("backfill", c, c.backfills)
    tampered("ordinary chain beside a backfill", c, {u: d for u, d in c.digests.items() if d["logFiles"]})
    delete("late")


def gap():
    start = create("moved", "--single-region", "--prefix", "first")
    hours(2)
    trailctl("trail", "update", "moved", "--prefix", "second", "--yes")
    hours(2)
    client("logs").describe_log_groups()
    advance("20m")
    do("cloudtrail", "stop-logging", "--name", "moved")
    advance("5h")
    do("cloudtrail", "start-logging", "--name", "moved")
    hours(2)
    trailctl("trail", "update", "moved", "--bucket", "moved-again", "--yes")
    hours(2)
    advance("1m")
    places = [("moved-logs", "first/AWSLogs/"), ("moved-logs", "second/AWSLogs/"), ("moved-again", "second/AWSLogs/")]
    c = Chain("moved", places, start)
    starts = [d for d in c.digests.values() if d["previousDigestS3Object"] is None]
    held = [sum(u.startswith(f"s3://{b}/{p}") for u in c.digests) for b, p in places]
    must(len(starts) == 2 and all(held), f"{len(starts)} chains of digest files, and {held} in the three places")
    valid(f"a gap, another prefix and another bucket ({', '.join(map(str, held))} digest files in the three places)", c, {"digest": 8, "log": 12})
    tampered("a gap, another prefix and another bucket", c)
    unseen("the last digest file before a gap deleted", c, list(c.digests)[list(c.digests.values()).index(starts[1]) - 1])
    delete("moved")


def rotation():
    create("rotated", "--single-region", "--no-start")
    until = client("cloudtrail").list_public_keys()["PublicKeyList"][0]["ValidityEndTime"]
    ahead = int(until.timestamp() - datetime.strptime(now(), "%Y-%m-%dT%H:%M:%S%z").timestamp()) // 60
    must(ahead > 24 * 60, f"the key is valid until {until}, and it is {now()}")
    advance(f"{ahead - 330}m")
    do("cloudtrail", "start-logging", "--name", "rotated")
    start = now()
    hours(2)
    with refusing("rotated-logs"):
        hours(2)  # until an hour and a half before the next key
        advance("3h")
    hours(2)
    advance("1m")
    c = Chain("rotated", [("rotated-logs", "AWSLogs/")], start)
    key = {d["digestEndTime"]: d["digestPublicKeyFingerprint"] for d in c.digests.values()}
    others = [d for d in c.backfills.values() if d["digestPublicKeyFingerprint"] != key[d["digestEndTime"]]]
    must(len(set(key.values())) == 2 and len(others) == len(c.backfills) == 2, f"the digest files have the keys {key}, and those of the backfill", c.backfills)
    old = list(key.values()).count(next(iter(key.values())))
    valid(f"a rotated key ({old} digest files with the old one; the new one signed the backfill of {len(others)} of them)", c,
          {"digest": 9, "backfill digest": 2, "log": 9})
    tampered("a rotated key", c)
    tampered("a backfill that the next key signed", c, c.backfills)


def main():
    began = time.monotonic()
    try:
        for scenario in (several_regions, organization, backfill, gap, rotation):
            t = time.monotonic()
            scenario()
            print(f"   {scenario.__name__}: {time.monotonic() - t:.1f} s", flush=True)
    except Failure as e:
        print(f"FAILED: {e}")
        return 1
    print(f"AWS CLI {__version__}, {time.monotonic() - began:.0f} s")
    print(f"{passed} passed, 0 failed")


if __name__ == "__main__":
    sys.exit(main())
