"""Compares "trailctl validate" with "aws cloudtrail validate-logs", file by file, on random deliveries of which each was tampered with in one way.
Whatever the AWS CLI finds trailctl must find; where they differ, the difference must be one that is known and meant (ROWS).
usage: reference.py --aws AWS [--corpora N] [--seed S] [--only I] [--keep DIR] [--port P]"""
import argparse, collections, concurrent.futures, json, os, re, shutil, subprocess, sys, tempfile

sys.dont_write_bytecode = True
sys.path.insert(0, os.environ["TRAILCTL_BENCH_DIR"])
import delivery

HERE = os.path.dirname(os.path.abspath(__file__))


class Served:
    """A delivery behind an endpoint of its own."""

    def __init__(self, root, port=0, faults=()):
        self.process = subprocess.Popen([sys.executable, HERE + "/served.py", root, str(port), *faults], stdout=subprocess.PIPE, text=True)
        self.url = "http://127.0.0.1:" + self.process.stdout.readline().strip()
        self.env = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
        self.env.update(AWS_ENDPOINT_URL=self.url, AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1",
                        AWS_EC2_METADATA_DISABLED="true", AWS_CONFIG_FILE="/dev/null", AWS_SHARED_CREDENTIALS_FILE="/dev/null")

    def run(self, *cmd, timeout=300):
        return subprocess.run(cmd, env=self.env, capture_output=True, text=True, timeout=timeout)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


# ---------------------------------------------------------------- what each of them says

Verdict = collections.namedtuple("Verdict", "kind detail")
VALID = Verdict("valid", "")
KINDS = [("not found", "missing"), ("hash value doesn't match", "hash"), ("signature verification failed", "signature"), ("has been moved", "moved"),
         ("public key not found", "unknown key"), ("nable to load", "bad key"), ("invalid format", "format")]


def kind(message):
    return next((k for words, k in KINDS if message.startswith("INVALID: " + words) or "INVALID: U" + words in message or "INVALID: u" + words in message), "raw error")


LINE = re.compile(r"^(?:\(backfill\) )?(?:Digest|Log) file\t(s3://.*)\t(valid|INVALID: .*)$")


def reference(aws, served, d):
    """-> {uri: Verdict}, {unit: why it could not be run}. One run an account and region, as the AWS CLI has it."""
    files, failed = {}, {}
    for account in d.accounts:
        for region in d.regions:
            cmd = [aws, "cloudtrail", "validate-logs", "--region", region, "--trail-arn", d.arn, "--start-time", delivery.iso(d.start), "--end-time", delivery.iso(d.until), "--verbose"]
            p = served.run(*cmd, *(["--account-id", account] if d.org else []))
            if p.returncode not in (0, 1):
                failed[account, region] = p.stderr.strip().splitlines()[-1:]
            for line in (p.stdout + p.stderr).splitlines():
                if m := LINE.match(line):
                    files[m[1]] = VALID if m[2] == "valid" else Verdict(kind(m[2]), m[2])
    return files, failed


def ours(trailctl, served, d):
    """-> {uri: Verdict}, findings of no file, exit code, report. What is wrong with a file's link stands beside what it is itself."""
    p = served.run(trailctl, "validate", d.arn, "--start-time", delivery.iso(d.start), "--end-time", delivery.iso(d.until), "--output", "json", "--verbose")
    try:
        report = json.loads(p.stdout)
    except ValueError:
        raise AssertionError(f"exit code {p.returncode}, no report: {p.stderr[:500]}")
    files = {f["uri"]: Verdict(f["status"], "") for f in report.get("files", [])}
    others = []
    for f in report["findings"]:
        if f["subject"] == "chain":
            others.append(f)
        elif f["severity"] in ("invalid", "missing"):
            k = f["code"] if f["code"] in ("broken-link", "listed-twice", "unsupported-algorithm") else kind(f["message"])
            files[f["uri"]] = Verdict(k, f["message"] + " (" + f.get("detail", "") + ")")
        elif f["severity"] == "unchecked":
            files[f["uri"]] = Verdict("unchecked", f["message"])
    return files, others, p.returncode, report


# ---------------------------------------------------------------- comparing

def log_digest(d):
    """{uri of a log file: the digest files that list it}"""
    lists = collections.defaultdict(list)
    for chain in d.chains:
        for x in chain:
            for e in x.doc["logFiles"]:
                lists[f"s3://{e['s3Bucket']}/{e['s3Object']}"].append(x)
    return lists


def overlaps(d, x):
    return x.start < d.until and x.end > d.start


def row_of(d, t, uri, theirs, mine, digests, lists, failed):
    """Names the row that explains why the two say different things of a file; None when none does."""
    x = digests.get(uri)
    holders = [x] if x else lists.get(uri, [])
    inside = any(overlaps(d, h) for h in holders)
    unit_failed = any((h.account, h.region) in failed for h in holders)
    if holders and not inside and mine is None:
        return "window: a digest file that does not overlap it"
    if unit_failed and theirs is None:
        return "the whole run lost: " + t.row if t.row in ("logFiles missing", "no public keys") else None
    touched = uri in t.touched or any(h.uri in t.touched for h in holders)
    chain_hit = any(y.uri in t.touched for c in d.chains for y in c if holders and holders[0] in c)
    bad = None if mine is None else mine.kind
    match (t.name, theirs and theirs.kind, bad):
        case ("log_trailer_cut" | "log_garbage" | "log_member", "valid" | "raw error", "format") if touched:  # the AWS CLI from 1.45.12 on finds some of it, too
            return t.row
        case ("log_sha1", "valid", "unsupported-algorithm") if touched:
            return t.row
        case ("log_hash_upper", "hash", "valid") if touched:
            return t.row
        case ("log_other_hash", "hash" | "valid", "listed-twice" | "valid") if touched:
            return t.row
        case ("digest_garbage", "valid", "format") if touched:
            return t.row
        case ("digest_garbage", "valid", None) if touched and not x:
            return t.row + ": its log files are unproven"
        case ("digest_list", "raw error", "format") | ("digest_not_hex", "raw error", "signature") | ("key_junk", "raw error", "bad key") if touched:
            return "a raw error in place of a reason"
        case ("digest_hash_link" | "digest_signature_link" | "digest_replaced", "valid", "broken-link") if chain_hit:
            return t.row
        case ("digest_replaced", None, "broken-link") if chain_hit and x and not inside:
            return t.row + ": the digest file behind the window tells it"
        case ("key_spki", "raw error" | "bad key" | "signature" | "format", "valid") if touched and x:
            return t.row
        case ("key_spki", None, "valid") if touched:
            return t.row + ": log files that the AWS CLI does not reach"
        case ("digest_no_logs", "valid", "format") if touched and x and unit_failed:
            return "the whole run lost: " + t.row
    return None


def nothing_inside(d, t, f):
    """Whether no digest file of the finding's chain lies in the part of the window that the finding is about, and the first one behind it was tampered with."""
    start = f.get("range", {}).get("start", "")
    for chain in d.chains:
        if (chain[0].region, chain[0].account) == (f["region"], f["account"]):
            behind = [y for y in chain if delivery.iso(y.end) > start and y.bucket == d.bucket and y.key.startswith(d.base(y.account))]
            if behind and behind[0].start >= d.until and behind[0].uri in t.touched:
                return True
    return False


def deleted_inside(d, t, f):
    """Whether digest files of the finding's chain that were deleted lie in its range."""
    gone = [y for c in d.chains for y in c if y.uri in t.touched and (y.account, y.region) == (f["account"], f["region"])]
    return "deleted" in t.name and any(delivery.iso(y.start) >= f["range"]["start"] and delivery.iso(y.end) <= f["range"]["end"] for y in gone)


def expected_row(d, t, f):
    """Names the row of a finding about a chain; None when there is none."""
    if f["severity"] in ("warning", "notice"):
        return f["severity"] + ": " + f["code"]
    if f["code"] == "tail-not-covered" and t.name in ("newest_deleted", "digests_deleted", "digest_deleted", "chain_deleted", "oldest_deleted"):
        return t.row
    if f["code"] == "tail-not-covered" and nothing_inside(d, t, f):
        return "nothing in the window, and the digest file behind it is bad: a gap and a deletion look alike"
    if f["severity"] == "missing" and f["code"] == "gap" and deleted_inside(d, t, f):
        return "digest files deleted beside a gap: log files of theirs lie in it"
    if f["severity"] == "missing" and f["code"] == "no-digests" and t.name in ("chain_deleted", "digests_deleted", "newest_deleted", "oldest_deleted", "digest_deleted"):
        return "all digest files deleted"
    if f["code"] == "no-digests" or f["code"] == "unreadable":
        return f["severity"] + ": " + f["code"] if t.name == "chain_deleted" else None
    if f["code"] == "no-public-keys" and t.name == "keys_none":
        return t.row
    return None


def judge(seed, pool, aws, trailctl, keep, port):
    d = delivery.Delivery(seed, pool)
    t = delivery.tamper(d)
    root = tempfile.mkdtemp(prefix="delivery-")
    try:
        d.save(root)
        with Served(root, port) as served:
            theirs, failed = reference(aws, served, d)
            mine, others, code, report = ours(trailctl, served, d)
    finally:
        if keep:
            shutil.copytree(root, f"{keep}/{seed.replace('/', '-')}", dirs_exist_ok=True)
        shutil.rmtree(root)
    return compare(d, t, theirs, failed, mine, others, code, report)


def compare(d, t, theirs, failed, mine, others, code, report):
    digests = {x.uri: x for c in d.chains for x in c}
    lists = log_digest(d)
    rows, faults = collections.Counter(), []
    for uri in sorted(set(theirs) | set(mine)):
        a, b = theirs.get(uri), mine.get(uri)
        if a and b and (a.kind == b.kind):
            rows["agree: valid" if a == VALID else "agree: " + a.kind] += 1
            continue
        row = explain(d, t, uri, a, b, digests, lists, failed)
        if row is None:
            faults.append(f"{uri}: AWS CLI {a and (a.detail or a.kind)}, trailctl {b and (b.detail or b.kind)}")
        else:
            rows[row] += 1
    for f in others:
        row = expected_row(d, t, f)
        if row is None:
            faults.append(f"chain finding {f['severity']} {f['code']} {f['uri']}: {f['message']}")
        else:
            rows[row] += 1
    faults += consistent(code, report)
    faults += untold(d, t, digests, lists, mine, others, code)
    return d, t, rows, faults, sum(1 for v in theirs.values() if v != VALID)


def explain(d, t, uri, a, b, digests, lists, failed):
    x = digests.get(uri)
    holders = [x] if x else lists.get(uri, [])
    row = row_of(d, t, uri, a, b, digests, lists, failed)
    if row or not holders:
        return row
    inside = any(overlaps(d, h) for h in holders)
    if a is None and b and b.kind == "missing" and x and uri in t.touched and not inside:
        return "a hole after the window that may reach into it"
    if a is None and inside and b:
        return unreached(d, t, holders, b)
    return None


def unreached(d, t, holders, b):
    """A file of the window that the AWS CLI did not look at: behind a bucket or a prefix that changed and a hole or a gap there, or in a bucket that no listing shows."""
    h = holders[0]
    chain = next(c for c in d.chains if h in c)
    later = chain[chain.index(h):]
    if any(y.bucket != d.bucket or not y.key.startswith(d.base(y.account)) for y in later):
        return "a bucket or prefix that changed: the AWS CLI goes no further at a hole"
    return None


def consistent(code, report):
    """The report must not contradict itself."""
    bad = [f for f in report["findings"] if f["severity"] in ("invalid", "missing")]
    unchecked = [f for f in report["findings"] if f["severity"] == "unchecked"]
    n = sum(report[k]["valid"] for k in ("digestFiles", "backfillDigestFiles"))
    want = 3 if bad else 1 if unchecked else 0 if n else 4
    faults = [] if code == want else [f"exit code {code}, want {want} by its findings"]
    for k in ("invalid", "missing"):
        for what, counts in (("log file", report["logFiles"]),):
            n = sum(1 for f in bad if f["subject"] == what and f["severity"] == k)
            if counts[k] != n:
                faults.append(f"{counts[k]} {k} {what}s are counted, {n} named")
    return faults


def reachable(d, x):
    """Whether anything leads to a digest file: it lies in the trail's place, or one does that is linked to it without a gap."""
    chain = next(c for c in d.chains if x in c)
    here = [y for y in chain if y.bucket == d.bucket and y.key.startswith(d.base(y.account))]
    there = [(b, k) for b, k in d.objects if b == d.bucket and k.startswith(d.base(x.account)) and f"/{x.region}/" in k]
    if x in here or not here:
        return bool(there)
    return bool(there) and all(y.doc["previousDigestS3Object"] for y in chain[chain.index(x) + 1:chain.index(here[0]) + 1])


HARMLESS = {"untouched", "log_recompressed", "log_unlisted", "log_hash_upper", "log_twice", "digest_algorithm", "digest_signature_upper", "key_spki", "digest_recompressed",
            "digest_nothing_before"}


def untold(d, t, digests, lists, mine, others, code):
    """The truth, of which the delivery knows: what was done inside the window must be told, and nothing else."""
    if t.name not in HARMLESS and not any(reachable(d, x) for u in t.touched for x in ([digests[u]] if u in digests else lists.get(u, []))):
        return []
    inside = [u for u in t.touched if (digests.get(u) and overlaps(d, digests[u])) or any(overlaps(d, h) for h in lists.get(u, []))]
    if t.name in HARMLESS:
        return [f"{t.name}: exit code {code}, want 0"] if code not in (0, 4) else []
    if t.name == "keys_none":
        return []
    if t.tells is not None and not any(all(overlaps(d, y) for y in ys) for ys in t.tells):
        return []
    told = [u for u, v in mine.items() if v.kind not in ("valid", "unchecked", "unproven")] + [f["uri"] for f in others if f["severity"] in ("invalid", "missing", "unchecked")]
    if t.name == "chain_deleted":  # a chain of which nothing is left: only others beside it can tell
        told += [4] if code == 4 else [f["uri"] for f in others if f["code"] == "no-digests"]
    if inside and not told and not t.name.startswith("key"):
        return [f"{t.name} inside the window: nothing is told"]
    return []


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--aws", required=True)
    ap.add_argument("--trailctl", default="trailctl")
    ap.add_argument("--corpora", type=int, default=12)
    ap.add_argument("--seed", default=None)
    ap.add_argument("--only", type=int)
    ap.add_argument("--keep")
    ap.add_argument("--port", type=int, default=0, help="first of the ports to use; 0 takes any that is free")
    ap.add_argument("--jobs", type=int, default=2)
    a = ap.parse_args()
    seed = a.seed or str(int.from_bytes(os.urandom(4), "big"))
    print(f"seed {seed}, {a.corpora} deliveries", flush=True)
    pool = delivery.keypool(seed, 8)
    which = [a.only] if a.only is not None else range(a.corpora)
    rows, features, names, found, wrong, features_of = collections.Counter(), collections.Counter(), collections.Counter(), 0, 0, {}
    with concurrent.futures.ThreadPoolExecutor(a.jobs) as ex:
        jobs = {i: ex.submit(judge, f"{seed}/{i}", pool, a.aws, a.trailctl, a.keep, a.port and a.port + i % 500) for i in which}
        for i, job in jobs.items():
            try:
                d, t, r, faults, n = job.result()
            except AssertionError as e:
                wrong += 1
                print(f"FAILED: delivery {i}: {e}", flush=True)
                continue
            rows += r
            names[t.name] += 1
            found += n
            features.update(d.features | {"organization"} if d.org else d.features)
            features.update({f"{len(d.regions)} region(s)": 1, f"{len(d.accounts)} account(s)": 1, "prefix": bool(d.prefix)})
            if faults:
                wrong += 1
                print(f"FAILED: delivery {i} ({t.name}, {sorted(d.features)}, window {delivery.iso(d.start)} to {delivery.iso(d.until)}, --seed {seed} --only {i}):", flush=True)
                for f in faults[:12]:
                    print("   ", f, flush=True)
    print("tamperings: " + ", ".join(f"{k} {v}" for k, v in sorted(names.items())))
    print("features: " + ", ".join(f"{k} {v}" for k, v in sorted(features.items())))
    print("files and findings by row:")
    for k, v in sorted(rows.items()):
        print(f"  {v:6d}  {k}")
    print(f"{found} findings of the AWS CLI; {len(which) - wrong} passed, {wrong} failed")
    return bool(wrong)


if __name__ == "__main__":
    sys.exit(main())
