"""Trouble while reading is never a tamper finding: one delivery, read through an endpoint that refuses, cuts, drops or stalls one kind of call, with
and without one tampered log file elsewhere. Prints a table of case, expected and got.
usage: faults.py [--trailctl PROGRAM] [--port P] [--only REGEX] [--limit SECONDS]"""
import argparse, json, os, re, subprocess, sys, tempfile, time

sys.dont_write_bytecode = True
sys.path.insert(0, os.environ["TRAILCTL_BENCH_DIR"])
import make_corpus as bench
from reference import Served

LOG, DIGEST, LIST, LOGLIST = "a log file", "a digest file", "a listing of digest files", "a listing of log files"
KEYS, TRAILS, HEAD = "ListPublicKeys", "DescribeTrails", "HeadBucket"

# What is refused, how, and what must come of it: the exit code, and how many log files and digest files are not checked (None: not said).
CASES = [(what, fault, 0 if passing else 1) for what, faults in {
    LOG: ["AccessDenied", "InvalidObjectState", "ExpiredToken", "SlowDown", "InternalError", "cut", "drop", "stall", "hang",
          "SlowDown:1", "InternalError:1", "cut:1", "drop:1", "hang:1", "stall:1"],
    DIGEST: ["AccessDenied", "InvalidObjectState", "ExpiredToken", "SlowDown", "cut", "drop", "stall", "hang", "SlowDown:1", "cut:1", "drop:1", "hang:1", "stall:1"],
    LIST: ["AccessDenied", "ExpiredToken", "SlowDown", "cut", "drop", "stall", "SlowDown:1", "cut:1", "drop:1", "stall:1"],
    KEYS: ["AccessDeniedException", "ExpiredTokenException", "ThrottlingException", "InternalFailure", "drop", "cut", "stall", "ThrottlingException:1", "drop:1", "cut:1", "stall:1"],
    TRAILS: ["AccessDeniedException", "ExpiredTokenException", "ThrottlingException", "drop", "stall", "ThrottlingException:1", "drop:1", "stall:1"],
    HEAD: ["AccessDenied", "SlowDown", "drop"],
}.items() for fault in faults for passing in [fault.endswith(":1") or what == HEAD]]


def pattern(what, c, bad):
    """The regular expression of the calls that meet the fault."""
    mid = len(c["chain"]) // 2
    return {LOG: re.escape(bad), DIGEST: "GetObject .*" + re.escape(c["chain"][mid]["key"][-30:]),
            LIST: "ListObjects .*CloudTrail-Digest/" + c["region"], KEYS: "ListPublicKeys", TRAILS: "DescribeTrails|GetTrail ", HEAD: "HeadBucket"}[what]


def run(served, trailctl, c, limit):
    t = time.monotonic()
    try:
        p = served.run(trailctl, "validate", c["trail_arn"], "--start-time", c["start"], "--end-time", c["end"], "--output", "json", timeout=limit)
    except subprocess.TimeoutExpired:
        return None, None, f"no end after {limit} s", limit
    try:
        return p.returncode, json.loads(p.stdout), p.stderr, time.monotonic() - t
    except ValueError:
        return p.returncode, None, p.stderr, time.monotonic() - t


def judge(what, want, code, report, err, c, tampered):
    """What is wrong with an outcome."""
    wrong, lasting = [], want == 1
    begun = what != TRAILS or want == 0  # else nobody knows what to look at
    if tampered and begun and not (what in (LIST, KEYS) and want == 1):
        want = 3
    if code != want:
        wrong.append(f"exit code {code}, want {want}")
    if report is None:
        if begun:
            wrong.append("no report: " + err.strip()[:200])
        return wrong
    bad = {f["uri"].rsplit("/", 1)[1] for f in report["findings"] if f["severity"] in ("invalid", "missing")}
    allowed = {tampered.rsplit("/", 1)[1]} if tampered and want == 3 else set()
    if bad != allowed:
        wrong.append(f"findings for {sorted(bad)}, want {sorted(allowed)}")
    unchecked = [f for f in report["findings"] if f["severity"] == "unchecked"]
    if bool(unchecked) != lasting:
        wrong.append(f"{len(unchecked)} not checked: {[f['message'] for f in unchecked]}")
    return wrong


def outcome(code, report, err, wall):
    if report is None:
        return f"exit {code}, {wall:.1f} s: {' '.join(err.split())[:150]}"
    n = {k: v for k, v in {"digest files": report["digestFiles"], "log files": report["logFiles"]}.items()}
    words = ", ".join(f"{c} {k} {s}" for k, v in n.items() for s, c in v.items() if c)
    unchecked = "; ".join(sorted({f["message"] for f in report["findings"] if f["severity"] == "unchecked"}))
    return f"exit {code}, {wall:.1f} s: {words}" + (f"; {unchecked[:160]}" if unchecked else "")


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--trailctl", default="trailctl")
    ap.add_argument("--port", type=int, default=0)
    ap.add_argument("--only", default=".")
    ap.add_argument("--limit", type=int, default=100, help="seconds after which a run counts as hanging")
    a = ap.parse_args()
    passed = failed = 0
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run([sys.executable, os.environ["TRAILCTL_BENCH_DIR"] + "/make_corpus.py", "gen", "--out", tmp + "/clean", "--logs", "40", "--logs-per-hour", "4", "--size", "3000"],
                       stdout=subprocess.DEVNULL, check=True)
        t = bench.T(tmp + "/clean", tmp + "/bad")
        tampered, refused = t.log(1), t.log(len(t.chain) - 2)
        t.put(tampered, bench.gz(t.raw(tampered).replace(b"1.09", b"1.08", 1)))
        c = t.c
        print("| fault | tampered file elsewhere | expected | got | |\n|---|---|---|---|---|")
        for what, fault, want in CASES:
            if not re.search(a.only, what + " " + fault):
                continue
            for folder, bad in (("clean", None), ("bad", tampered)):
                with Served(f"{tmp}/{folder}", a.port, [pattern(what, c, refused) + "=" + fault]) as served:
                    code, report, err, wall = run(served, a.trailctl, c, a.limit)
                wrong = judge(what, want, code, report, err, c, bad)
                if wall > a.limit * .9:
                    wrong.append("slow")
                passed, failed = passed + (not wrong), failed + bool(wrong)
                expected = want if not bad or want == 1 and what in (LIST, KEYS, TRAILS) else 3
                print(f"| {what}: {fault} | {'yes' if bad else 'no'} | exit {expected} | {outcome(code, report, err, wall)} | {'FAILED: ' + '; '.join(wrong) if wrong else 'ok'} |", flush=True)
    print(f"{passed} passed, {failed} failed")
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main())
