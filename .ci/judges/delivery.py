"""Random CloudTrail deliveries, signed and laid out as CloudTrail does, from a seed alone: the same seed gives the
same bytes. make_corpus.py of the bench supplies packing and signing; what it lacks is here: several regions and
accounts, organizations, keys of each region that are rotated, gaps, buckets and prefixes that change, backfill."""
import base64, bisect, gzip, hashlib, json, os, random, string
from datetime import datetime, timedelta, timezone

import make_corpus as bench
from cryptography.hazmat.primitives import serialization as ser
from cryptography.hazmat.primitives.asymmetric import rsa

HOUR = timedelta(hours=1)
REGIONS = ["us-east-1", "eu-west-1", "ap-southeast-2", "eu-central-1"]
ALNUM = string.ascii_letters + string.digits


def iso(t):
    return t.strftime(bench.ISO)


def prime(r):
    small = [3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47]
    while True:
        n = r.getrandbits(1024) | 3 << 1022 | 1
        if all(n % p for p in small) and n % 65537 != 1 and all(pow(a, n - 1, n) == 1 for a in (2, 3, 5)):
            return n


def keypool(seed, n):
    """Keys made from the seed: the library's own cannot be made twice."""
    r, keys = random.Random(f"keys/{seed}"), []
    for _ in range(n):
        p, q = prime(r), prime(r)
        d = pow(65537, -1, (p - 1) * (q - 1))
        k = rsa.RSAPrivateNumbers(p, q, d, d % (p - 1), d % (q - 1), pow(q, -1, p), rsa.RSAPublicNumbers(65537, p * q)).private_key()
        der = k.public_key().public_bytes(ser.Encoding.DER, ser.PublicFormat.PKCS1)
        keys.append((k, der, hashlib.md5(der).hexdigest()))
    return keys


class Digest:
    """One digest file of a delivery, with what is needed to make it anew."""

    def __init__(self, **k):
        self.__dict__.update(k)

    @property
    def uri(self):
        return f"s3://{self.bucket}/{self.key}"


class Delivery:
    """One trail's delivery: objects in memory, tampered with there, then written for the endpoint."""

    def __init__(self, seed, pool):
        self.r = r = random.Random(f"delivery/{seed}")
        self.seed, self.objects, self.meta, self.keys, self.chains = seed, {}, {}, [], []
        self.org = "o-" + "".join(r.choices("abcdefghij0123456789", k=10)) if r.random() < .3 else ""
        ids = r.sample(range(10**11, 10**12), 3)
        self.owner = str(ids[0])
        self.accounts = [str(i) for i in ids[: r.choice([1, 1, 2])]] if self.org else [self.owner]
        self.prefix = r.choice(["", "", "", "logs", "audit/cloud-trail", "a b+c=d"])
        self.bucket, self.home = "trail-bucket", r.choice(REGIONS)
        self.trail = r.choice(["trail", "my_trail", "t.1-x", "management_events_us-east-1"])
        self.regions = [self.home] + r.sample([x for x in REGIONS if x != self.home], r.choice([0, 0, 1, 1, 2]))
        self.multi = len(self.regions) > 1 or r.random() < .5
        self.t0 = datetime(2025, r.randrange(1, 12), r.randrange(1, 28), r.randrange(24), r.randrange(60), r.randrange(60), tzinfo=timezone.utc)
        self.hours = r.randrange(4, 10)
        self.features = set()
        # Logging stops and begins in all regions at once.
        self.gaps = {h: r.randrange(1, 5) for h in range(1, self.hours) if r.random() < .12}
        self.signers = {x: self.rotation(x, pool) for x in self.regions}
        self.stopped = None
        for account in self.accounts:
            for region in self.regions:
                self.chains.append(self.chain(account, region))
        if r.random() < .2:
            self.chains.append(self.backfill(self.owner, self.home))
        self.window()

    def at(self, h):
        """When an hour of logging began."""
        return self.t0 + (h + sum(n for g, n in self.gaps.items() if g <= h)) * HOUR

    def rotation(self, region, pool):
        """Keys of one region and from which hour on each signs. Their validity may lag."""
        r, n = self.r, self.r.choice([1, 1, 2, 3])
        keys = r.sample(pool, n)
        starts = [0] + sorted(r.sample(range(1, self.hours), n - 1))
        if n > 1:
            self.features.add("key rotation")
        for i, (_, der, fp) in enumerate(keys):
            a = self.at(starts[i]) - (timedelta(days=1) if i == 0 else timedelta(minutes=20))
            b = self.at(starts[i + 1] if i + 1 < n else self.hours) + timedelta(hours=r.choice([0, 30]) if i + 1 < n else 48)
            self.keys.append({"Region": region, "Fingerprint": fp, "Value": base64.b64encode(der).decode(),
                              "ValidityStartTime": a.timestamp(), "ValidityEndTime": b.timestamp()})
        return lambda h: keys[bisect.bisect_right(starts, h) - 1]

    def base(self, account, prefix=None):
        prefix = self.prefix if prefix is None else prefix
        return (prefix + "/" if prefix else "") + "AWSLogs/" + (self.org + "/" if self.org else "") + account + "/"

    def chain(self, account, region):
        r = self.r
        gaps, moves, bucket, prefix = self.gaps, {}, self.bucket, self.prefix
        if r.random() < .12 and self.hours > 3:
            moves[r.randrange(2, self.hours)] = ("old-bucket", prefix) if r.random() < .6 else (bucket, "older")
        if gaps:
            self.features.add("gap")
        digests, prev = [], None
        for h in range(self.hours):
            at = self.at(h)
            older = next((m for hh, m in moves.items() if h < hh), None)
            b, p = older or (bucket, prefix)
            if older:
                self.features.add("bucket or prefix changed")
            if h in gaps:
                prev = None
            prev = self.digest(account, region, b, p, at, at + HOUR, h, prev, r.choice([0, 1, 1, 2, 3]))
            digests.append(prev)
        return digests

    def backfill(self, account, region):
        self.features.add("backfill")
        digests, prev = [], None
        signed = self.at(self.hours - 1)
        for h in range(self.r.randrange(1, 4)):
            prev = self.digest(account, region, self.bucket, self.prefix, self.t0 + h * HOUR, self.t0 + (h + 1) * HOUR, self.hours - 1, prev, 1,
                               "_backfill", {"backfill-generation-timestamp": iso(signed)})
            digests.append(prev)
        return digests

    def digest(self, account, region, bucket, prefix, start, end, h, prev, logs, suffix="", meta=None):
        base = self.base(account, prefix)
        entries = [self.log(account, region, bucket, base, start) for _ in range(logs)]
        d = Digest(account=account, region=region, bucket=bucket, start=start, end=end, backfill=bool(suffix), signer=self.signers[region](h), extra=meta or {},
                   key=f"{base}CloudTrail-Digest/{region}/{end:%Y/%m/%d}/{account}_CloudTrail-Digest_{region}_{self.trail}_{self.home}_{end:%Y%m%dT%H%M%SZ}{suffix}.json.gz")
        d.doc = {"awsAccountId": account, "digestStartTime": iso(start), "digestEndTime": iso(end), "digestS3Bucket": bucket, "digestS3Object": d.key,
                 "digestPublicKeyFingerprint": d.signer[2], "digestSignatureAlgorithm": "SHA256withRSA", "newestEventTime": None, "oldestEventTime": None,
                 "previousDigestS3Bucket": prev and prev.bucket, "previousDigestS3Object": prev and prev.key, "previousDigestHashValue": prev and prev.hash,
                 "previousDigestHashAlgorithm": prev and "SHA-256", "previousDigestSignature": prev and prev.sig, "logFiles": entries}
        self.seal(d)
        return d

    def seal(self, d):
        """Signs a digest file's document and puts it into its place."""
        d.raw = json.dumps(d.doc, separators=(",", ":")).encode()
        d.hash, d.sig = hashlib.sha256(d.raw).hexdigest(), bench.sign(d.signer[0], d.doc, d.raw)
        self.objects[d.bucket, d.key] = bench.gz(d.raw)
        self.meta[d.bucket, d.key] = {"signature": d.sig, "signature-algorithm": "SHA256withRSA", **d.extra}

    def log(self, account, region, bucket, base, start):
        t = start + timedelta(minutes=self.r.randrange(60))
        raw = b'{"Records":[' + b",".join(b'{"eventVersion":"1.09","eventID":"%032x","recipientAccountId":"%s"}' % (self.r.getrandbits(128), account.encode())
                                         for _ in range(self.r.randrange(1, 5))) + b"]}"
        key = f"{base}CloudTrail/{region}/{t:%Y/%m/%d}/{account}_CloudTrail_{region}_{t:%Y%m%dT%H%MZ}_{''.join(self.r.choices(ALNUM, k=16))}.json.gz"
        self.objects[bucket, key] = bench.gz(raw)
        return {"s3Bucket": bucket, "s3Object": key, "hashValue": hashlib.sha256(raw).hexdigest(), "hashAlgorithm": "SHA-256", "newestEventTime": iso(t), "oldestEventTime": iso(t)}

    def window(self):
        """The whole delivery, or a part, with edges on and off the hours; sometimes beyond its end, as for a trail that was stopped."""
        r = self.r
        self.end = self.at(self.hours - 1) + HOUR
        self.start, self.until = self.t0, self.end
        kind = r.choice(["whole", "whole", "part", "part", "edges", "stopped"])
        self.features.add("window: " + kind)
        if kind == "part":
            self.start = self.t0 + timedelta(seconds=r.randrange(int((self.end - self.t0).total_seconds()) - 3600))
            self.until = self.start + timedelta(seconds=r.randrange(3600, int((self.end - self.start).total_seconds()) + 1))
        elif kind == "edges":
            a = r.randrange(self.hours - 1)
            self.start, self.until = self.t0 + a * HOUR, self.t0 + r.randrange(a + 1, self.hours) * HOUR
        elif kind == "stopped":
            self.stopped, self.until = self.end, self.end + timedelta(minutes=r.randrange(10, 600))

    def save(self, root):
        for (bucket, key), body in self.objects.items():
            bench.write(root, bucket, key, body, self.meta.get((bucket, key)))
        for b in {c.bucket for chain in self.chains for c in chain} | {self.bucket}:
            os.makedirs(f"{root}/s3/{b}", exist_ok=True)
        json.dump(self.keys, open(root + "/keys.json", "w"))
        self.arn = f"arn:aws:cloudtrail:{self.home}:{self.owner}:trail/{self.trail}"
        json.dump({"trail_arn": self.arn, "account": self.owner, "region": self.home, "home_region": self.home, "bucket": self.bucket, "prefix": self.prefix,
                   "org": self.org, "trail": self.trail, "multi": self.multi, "stopped": self.stopped and self.stopped.timestamp(), "started": self.t0.timestamp()},
                  open(root + "/corpus.json", "w"))


# ---------------------------------------------------------------- tampering

class Tampering:
    """What was done: the files that it touches, and the row of the table of differences that may come of it."""

    def __init__(self, name, row, touched, tells=None):
        self.name, self.row, self.touched = name, row, touched
        self.tells = tells  # the digest files of which at least one must lie in the window for anybody to tell; None for any that is touched


def flip(sig):
    return ("0" if sig[0] != "0" else "1") + sig[1:]


def tamper(d):
    """Does one random thing to a delivery. Log files and digest files are drawn from all chains."""
    r = d.r
    chain = r.choice([c for c in d.chains if len(c) > 1] or d.chains)
    i = r.randrange(len(chain))
    x = chain[i]
    at = x.bucket, x.key
    with_logs = [y for y in chain if y.doc["logFiles"]]
    name = r.choice(TAMPERINGS)
    if name.startswith("log_") and not with_logs:
        name = "digest_deleted"
    if name.startswith("log_"):
        return tamper_log(d, name, r.choice(with_logs))
    return tamper_digest(d, name, chain, i)


TAMPERINGS = """untouched log_modified log_deleted log_not_gzip log_bad_crc log_swapped log_empty log_half log_trailer_cut log_garbage log_member
log_recompressed log_unlisted log_hash_upper log_sha1 log_twice log_other_hash digest_modified digest_bad_signature digest_no_metadata digest_not_hex digest_algorithm
digest_signature_upper digest_deleted digests_deleted newest_deleted oldest_deleted chain_deleted digest_moved digest_not_gzip digest_not_json digest_list
digest_field digest_no_logs digest_garbage digest_fingerprint digest_hash_link digest_signature_link digest_replaced keys_none key_spki key_other key_junk
backfill_no_time digest_recompressed digest_nothing_before""".split()


def tamper_log(d, name, x):
    r = d.r
    i = r.randrange(len(x.doc["logFiles"]))
    e = x.doc["logFiles"][i]
    at = e["s3Bucket"], e["s3Object"]
    body, raw = d.objects[at], gzip.decompress(d.objects[at])
    uri, row = f"s3://{at[0]}/{at[1]}", "same"
    touched = {uri}
    if name == "log_modified":
        d.objects[at] = bench.gz(raw.replace(b"1.09", b"1.08", 1))
    elif name == "log_deleted":
        del d.objects[at]
    elif name == "log_not_gzip":
        d.objects[at] = raw
    elif name == "log_bad_crc":
        d.objects[at] = body[:-8] + bytes([body[-8] ^ 1]) + body[-7:]
    elif name == "log_swapped":
        other = r.choice([k for k in d.objects if "/CloudTrail/" in k[1] and k != at] or [at])
        d.objects[at], d.objects[other] = d.objects[other], d.objects[at]
        touched.add(f"s3://{other[0]}/{other[1]}")
    elif name == "log_empty":
        d.objects[at] = b""
    elif name == "log_half":
        d.objects[at] = body[: len(body) // 2]
    elif name == "log_trailer_cut":
        d.objects[at], row = body[: -r.randrange(1, 9)], "the 8-byte trailer cut; bytes after the end"
    elif name == "log_garbage":
        d.objects[at], row = body + r.choice([b"GARBAGE", b"\0", b"\n"]), "the 8-byte trailer cut; bytes after the end"
    elif name == "log_member":
        d.objects[at], row = body + bench.gz(b'{"Records":[]}'), "the 8-byte trailer cut; bytes after the end"
    elif name == "log_recompressed":
        d.objects[at] = gzip.compress(raw, 1, mtime=12345)
    elif name == "log_unlisted":
        key = at[1][:-24] + "".join(r.choices(ALNUM, k=16)) + ".json.gz"
        d.objects[at[0], key] = bench.gz(b'{"Records":[]}')
        touched = {f"s3://{at[0]}/{key}"}
    else:
        row = {"log_hash_upper": "hash in upper case", "log_sha1": "hash algorithm SHA-1", "log_twice": "listed twice", "log_other_hash": "listed twice"}[name]
        if name == "log_hash_upper":
            e["hashValue"] = e["hashValue"].upper()
        elif name == "log_sha1":
            e["hashAlgorithm"] = "SHA-1"
        else:
            x.doc["logFiles"].append({**e, "hashValue": e["hashValue"] if name == "log_twice" else "e" * 64})
        reseal_from(d, x)
        touched.add(x.uri)
    return Tampering(name, row, touched)


def chain_of(d, x):
    return next(c for c in d.chains if x in c)


def reseal_from(d, x):
    """Signs a digest file anew, and all after it: as if CloudTrail had delivered it so."""
    chain = chain_of(d, x)
    d.seal(x)
    for prev, y in zip(chain[chain.index(x):], chain[chain.index(x) + 1:]):
        if y.doc["previousDigestS3Object"] == prev.key:
            y.doc["previousDigestHashValue"], y.doc["previousDigestSignature"] = prev.hash, prev.sig
        d.seal(y)


def tamper_digest(d, name, chain, i):
    r, x, row = d.r, chain[i], "same"
    at = x.bucket, x.key
    touched = {x.uri} | {f"s3://{e['s3Bucket']}/{e['s3Object']}" for e in x.doc["logFiles"]}
    tells = None
    linked = [j for j in range(1, len(chain)) if chain[j].doc["previousDigestS3Object"]]

    def edit(fn, resign=False):
        doc = json.loads(x.raw)
        fn(doc)
        raw = json.dumps(doc, separators=(",", ":")).encode()
        d.objects[at] = bench.gz(raw)
        if resign:
            d.meta[at]["signature"] = bench.sign(x.signer[0], doc, raw)

    def delete(list_):
        for y in list_:
            d.objects.pop((y.bucket, y.key), None)
            d.meta.pop((y.bucket, y.key), None)
            touched.add(y.uri)
            touched.update(f"s3://{e['s3Bucket']}/{e['s3Object']}" for e in y.doc["logFiles"])
        following = next((y for y in chain if y.start >= list_[-1].end), None)
        if following and not following.doc["previousDigestS3Object"] or not following and list_[-1].backfill:
            return []  # what was deleted before a gap belongs to the gap for all that anybody can tell, and a backfill may end anywhere
        return [(y,) for y in list_]

    if name == "digest_modified":
        edit(lambda c: c.update(logFiles=c["logFiles"][1:], awsAccountId="000000000000"))
    elif name == "digest_bad_signature":
        d.meta[at]["signature"] = flip(x.sig)
    elif name == "digest_no_metadata":
        del d.meta[at]
    elif name == "digest_not_hex":
        d.meta[at]["signature"] = "zz-not-hex"
    elif name == "digest_algorithm":
        d.meta[at]["signature-algorithm"] = "MD5withRSA"
    elif name == "digest_signature_upper":
        d.meta[at]["signature"] = x.sig.upper()
    elif name == "digest_deleted":
        tells = delete([x])
        row = "digest files deleted: how many; the tail"
    elif name == "digests_deleted":
        tells = delete(chain[i:i + r.randrange(2, 4)])
        row = "digest files deleted: how many; the tail"
    elif name == "newest_deleted":
        tells = delete(chain[-r.randrange(1, 3):])
        row = "digest files deleted: how many; the tail"
    elif name == "oldest_deleted":
        tells = delete(chain[:1])
        row = "digest files deleted: how many; the tail"
    elif name == "chain_deleted":
        tells = delete(chain)
        row = "all digest files deleted"
    elif name == "digest_moved" and len(chain) > 1:
        other = chain[i - 1]
        d.objects[at], d.meta[at] = d.objects[other.bucket, other.key], dict(d.meta[other.bucket, other.key])
    elif name == "digest_not_gzip":
        d.objects[at] = x.raw
    elif name == "digest_not_json":
        d.objects[at] = bench.gz(b"hello")
    elif name == "digest_list":
        d.objects[at], row = bench.gz(b"[]"), "a JSON list prints a raw error"
    elif name == "digest_field":
        edit(lambda c: c.pop(r.choice(["digestPublicKeyFingerprint", "digestS3Bucket", "digestS3Object", "previousDigestSignature", "digestEndTime", "digestStartTime"])))
    elif name == "digest_no_logs":
        edit(lambda c: c.pop("logFiles"), resign=True)
        row = "logFiles missing"
    elif name == "digest_garbage":
        d.objects[at] += r.choice([b"GARBAGE", b"\0", bench.gz(b"{}")])
        row = "digest with garbage appended"
    elif name == "digest_recompressed":
        d.objects[at] = gzip.compress(x.raw, 1, mtime=12345)
    elif name == "digest_fingerprint":
        edit(lambda c: c.update(digestPublicKeyFingerprint="0" * 32), resign=r.random() < .5)
    elif name in ("digest_hash_link", "digest_signature_link", "digest_nothing_before") and linked:
        x = chain[r.choice(linked)]
        touched |= {x.uri}
        if name == "digest_hash_link":
            x.doc["previousDigestHashValue"] = flip(x.doc["previousDigestHashValue"])
        elif name == "digest_signature_link":
            x.doc["previousDigestSignature"] = flip(x.doc["previousDigestSignature"])
        if name != "digest_nothing_before":
            tells = [(chain[chain.index(x) - 1], x)]
        else:  # signed by CloudTrail's own key: a starting digest file where none is due
            x.doc.update({k: None for k in x.doc if k.startswith("previous")})
        reseal_from(d, x)
        row = "previous digest replaced, or its hash or signature wrong"
    elif name == "digest_replaced" and linked:
        x = chain[r.choice(linked) - 1]
        x.doc["logFiles"] = x.doc["logFiles"][1:]
        x.doc["awsAccountId"] = "999999999999"
        d.seal(x)
        touched |= {y.uri for y in chain}
        tells = [(x, chain[chain.index(x) + 1])]
        row = "previous digest replaced, or its hash or signature wrong"
    elif name.startswith("key"):
        mine = [k for k in d.keys if k["Region"] == x.region]
        touched = {y.uri for c in d.chains for y in c if y.region == x.region}
        touched |= {f"s3://{e['s3Bucket']}/{e['s3Object']}" for c in d.chains for y in c if y.region == x.region for e in y.doc["logFiles"]}
        if name == "keys_none":
            d.keys = [k for k in d.keys if k not in mine]
            row = "no public keys"
        elif name == "key_spki":
            for k in mine:
                pub = ser.load_der_public_key(base64.b64decode(k["Value"]))
                k["Value"] = base64.b64encode(pub.public_bytes(ser.Encoding.DER, ser.PublicFormat.SubjectPublicKeyInfo)).decode()
            row = "key as SubjectPublicKeyInfo"
        elif name == "key_other":
            other = r.choice([k for k in d.keys if k["Fingerprint"] != mine[0]["Fingerprint"]] or mine)
            mine[0]["Value"] = other["Value"]
        else:
            mine[0]["Value"] = base64.b64encode(b"\x30\x03\x02\x01\x00junk").decode()
    elif name == "backfill_no_time" and x.backfill:
        del d.meta[at]["backfill-generation-timestamp"]
    else:
        return Tampering("untouched", "same", set())
    return Tampering(name, row, touched, tells)
