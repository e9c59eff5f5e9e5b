"""The AWS CLI makes the calls of compare/calls.txt of the sandbox and of moto, and what they answer is compared field by field.
usage: compare.py [--new] [--show NAMES] [--answers FOLDER] SANDBOX MOTO (run with the AWS CLI's Python)"""
import argparse, calendar, json, pathlib, re, shutil, subprocess, sys, tempfile, time, zlib

HERE = pathlib.Path(__file__).parent / "compare"
DIFFERENCES = HERE / "differences.md"
ABSENT = object()  # the value of a field that is not there

# What differs from run to run, by its form: a value that has not this form stands as it is. (where, form, stands for)
RULES = [
    (r"(SecretAccessKey|SessionToken|ReceiptHandle|UploadId|[Tt]oken)$", r"^[\w/+=.%-]{20,}$", "OPAQUE"),
    (r"(VersionId|VersionIdMarker)$", r"^[\w.-]{32,}$", "VERSION"),
    (r"(^|\.)ID$", r"^[0-9a-f]{64}$", "CANONICAL"),
    (r"eventId$", r"^\d{56}$", "OPAQUE"),
    (r"Timestamp$", r"^\d{10}\.\d+$", "TIME.FRACTION"),
    (r"", r"https?://(127\.0\.0\.1|localhost)(:\d+)?", "ENDPOINT"),
    (r"", r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", "UUID"),
    (r"", r"\bA(?:ROA|IDA|SIA|KIA|NPA)[A-Z0-9]{16,17}\b", "ID"),
    (r"", r"\bo-[a-z0-9]{10,32}\b", "ORGANIZATION"),
    (r"", r"\bcar-[a-z0-9]{8,32}\b", "REQUEST"),
    (r"^(Accounts\[\]|Account|CreateAccountStatus)\.", r"\b(?!123456789012\b)\d{12}\b", "ACCOUNT"),
    (r"", r"X-Amz-Date=\d{8}T\d{6}Z", "X-Amz-Date=TIME"),
    (r"", r"X-Amz-Signature=[0-9a-f]{64}", "X-Amz-Signature=SIGNATURE"),
    (r"", r"(X-Amz-Credential=[^/%]*%2F)\d{8}", r"\1DAY"),
    (r"", r"Signature=[\w%]+&Expires=\d{10}", "Signature=SIGNATURE&Expires=TIME"),
]


# Times stand for themselves when they are not of this run, or of the hours that a session lasts.
TIMES = [
    (r"\b(20\d\d-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.\d+)?(?:Z|\+00:00)?", "%Y-%m-%d %H:%M:%S"),
    (r"\b(\w{3}, \d\d \w{3} \d{4}) (\d\d:\d\d:\d\d) GMT", "%a, %d %b %Y %H:%M:%S"),
]


def without_times(text, began):
    def stands(found):
        at = calendar.timegm(time.strptime(f"{found[1]} {found[2]}", form))
        return "TIME" if began - 5 <= at <= began + 13 * 3600 else found[0]
    for pattern, form in TIMES:
        text = re.sub(pattern, stands, text)
    return text


def normal(path, value, began):
    """A value with what differs from run to run taken out."""
    if isinstance(value, dict):
        return {name: normal(f"{path}.{name}", one, began) for name, one in value.items()}
    if isinstance(value, list):
        return [normal(path + "[]", one, began) for one in value]
    if isinstance(value, bool) or value is None or value is ABSENT:
        return value
    if isinstance(value, (int, float)):
        for scale in (1, 1000):
            if began - 5 <= value / scale <= began + 600:
                return "TIME" if scale == 1 else "MILLISECONDS"
        days = (value - began + 600) / 86400
        return f"TIME in {int(days)} days" if 1 <= days < 400 and days % 1 < 0.01 else value
    if re.fullmatch(r"\d{10}|\d{13}", value) and began - 5 <= int(value[:10]) <= began + 600:
        return "TIME" if len(value) == 10 else "MILLISECONDS"
    for where, form, stands in RULES:
        if re.search(where, path):
            value = re.sub(form, stands, value)
    return without_times(value, began)


def compared(path, a, b, began):
    """(field, the first's value, the second's) of all that differs. Elements of a list are one field; lists of different lengths differ as a
    whole. JSON in a text is looked into, where both have the same names in it. No answer at all has no fields."""
    if path == "":
        a, b = ({} if one is None and isinstance(other, dict) else one for one, other in ((a, b), (b, a)))
    if isinstance(a, dict) and isinstance(b, dict):
        for name in sorted(a.keys() | b.keys()):
            yield from compared(f"{path}.{name}" if path else name, a.get(name, ABSENT), b.get(name, ABSENT), began)
    elif isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        for one, other in zip(a, b):
            yield from compared(path + "[]", one, other, began)
    elif isinstance(a, list) and isinstance(b, list) and all(len(side) < 20 and all(isinstance(one, str) for one in side) for side in (a, b)):
        for one in a + b:
            if (one in a) != (one in b):
                yield path + "[]", brief(one if one in a else ABSENT), brief(one if one in b else ABSENT)
    elif isinstance(a, list) and isinstance(b, list):
        yield path, f"{len(a)} elements", f"{len(b)} elements"
    elif isinstance(inside(a), dict) and isinstance(inside(b), dict) and inside(a).keys() == inside(b).keys():
        yield from compared(path + "~", inside(a), inside(b), began)
    else:
        a, b = (normal(path, side, began) for side in (a, b))
        if type(a) is not type(b) or a != b:
            yield path or "answer", brief(a), brief(b)


def inside(text):
    try:
        return json.loads(text) if isinstance(text, str) and text[:1] == "{" else None
    except ValueError:
        return None


def brief(value):
    """A value as the table has it, on one line. A text that could be taken for something else stands in quotes."""
    if value is ABSENT:
        return "-"
    text = json.dumps(value)
    if isinstance(value, str) and not re.fullmatch(r"-|true|false|null|[\d.]*", value):
        text = value
    text = text.replace("\n", " ").replace("|", "/").replace("`", "'")
    return text if len(text) <= 70 else f"{text[:60]}... ({len(text)} characters, {zlib.crc32(text.encode()):08x})"


def outcome(a):
    """ok, or how a call failed: exit code, error code, HTTP status."""
    if a["exit"] == 0:
        return "ok"
    code = a["codes"][-1] if a["codes"] else re.sub(r"\s+", " ", a["stderr"]).strip()[:60]
    return f"exit {a['exit']}, {code}, HTTP {a['status']}"


def differences(ours, theirs, began):
    """(field, ours, moto's) of one call. One that failed on one side only differs in its outcome, and nothing else is looked at."""
    if outcome(ours) != outcome(theirs):
        return [("outcome", outcome(ours), outcome(theirs))]
    if ours["exit"]:
        return []
    found = {}
    for field, *pair in compared("", ours["answer"], theirs["answer"], began):
        found.setdefault(field, []).append(pair)
    return [(field, *(", ".join(dict.fromkeys(side)) for side in zip(*pairs))) for field, pairs in found.items()]


def read_table():
    """{(call, field): (ours, moto's, why, source)}. A row that holds for several calls names them all."""
    rows = {}
    for n, line in enumerate(DIFFERENCES.read_text().splitlines() if DIFFERENCES.exists() else [], 1):
        cells = [c.strip().strip("`") for c in line.strip().strip("|").split(" | ")]
        if not line.startswith("| `"):
            continue
        if len(cells) != 6 or not all(cells):
            sys.exit(f"FAILED: {DIFFERENCES.name}:{n}: a row has a call, a field, the sandbox's and moto's answer, why, and the source")
        for name in cells[0].split():
            rows[name, cells[1]] = tuple(cells[2:])
    return rows


def ask(sandbox, moto, folder):
    """When the calls began, and the answers; both sides are asked at the same time."""
    kept = folder / "answers.json"
    if kept.exists():
        return json.loads(kept.read_text())
    began = time.time()
    sides = {"sandbox": sandbox, "moto": moto}
    started = [
        subprocess.Popen([sys.executable, "-B", str(HERE / "side.py"), str(HERE / "calls.txt"), url, str(folder / name)])
        for name, url in sides.items()
    ]
    if any([p.wait() for p in started]):
        sys.exit("FAILED: the calls could not be made")
    print(f"calls made in {time.time() - began:.0f} s")
    answers = [began] + [json.loads((folder / name / "answers.json").read_text()) for name in sides]
    kept.write_text(json.dumps(answers))
    return answers


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--new", action="store_true", help="print the rows that the table lacks")
    parser.add_argument("--show", default="", metavar="NAMES", help="print both answers to these calls")
    parser.add_argument("--answers", type=pathlib.Path, metavar="FOLDER", help="keep the answers there; if there are any, make no call")
    parser.add_argument("sandbox")
    parser.add_argument("moto")
    options = parser.parse_args()
    folder = options.answers or pathlib.Path(tempfile.mkdtemp())
    try:
        began, ours, theirs = ask(options.sandbox, options.moto, folder)
    finally:
        if not options.answers:
            shutil.rmtree(folder)
    for name in filter(None, options.show.split(",")):
        print(name, json.dumps([ours[name], theirs[name]], indent=1))
    sys.exit(report(ours, theirs, began, options.new))


def report(ours, theirs, began, new):
    known, met, problems, services, findings = read_table(), {}, [], {}, []
    answers = 0
    for name, a in ours.items():
        service = name.split("-")[0]
        count = services.setdefault(service, [0, 0, 0])
        count[0] += 1
        answers += a["answers"]
        findings += [f"{name}: {f}" for f in a["findings"]]
        found = differences(a, theirs[name], began)
        count[1] += not found
        for field, mine, other in found:
            row = known.get((name, field))
            if row and row[:2] == (mine, other):
                met[name, field] = row
                count[2] += 1
            else:
                problems.append((name, field, mine, other))
    gone = [k for k in known if k not in met and k not in {p[:2] for p in problems}]
    for (name, field), (mine, other, why, source) in met.items():
        print(f"known: {name} {field}: {mine}; moto: {other}; {why} ({source})")
    for service, (calls, equal, rows) in services.items():
        print(f"{service}: calls {calls}, equal {equal}, known differences {rows}")
    for name, field, mine, other in problems:
        if new:
            print(f"| `{name}` | `{field}` | `{mine}` | `{other}` |  |  |")
        else:
            print(f"FAILED: {name} {field}: the sandbox answers {mine}, moto {other}" + ("; the table says otherwise" if (name, field) in known else ""))
    for name, field in gone:
        print(f"FAILED: {name} {field}: the table's difference does not occur")
    for f in findings:
        print(f"FAILED: model: {f}")
    print(f"answers checked against the models: {answers}, at fault: {len(findings)}")
    print(f"calls compared: {len(ours)}, equal: {sum(c[1] for c in services.values())}, known differences: {len(met)}")
    return 1 if problems or gone or findings else 0


main()
