"""Makes the calls of one side. The AWS CLI is loaded once, and each call runs in a child of its own that is forked from it:
the code is that of "aws", without its second of starting up, and no call sees what another one has set.
usage: side.py CALLS ENDPOINT FOLDER: the answers are written to FOLDER/answers.json"""
import gc, json, os, pathlib, re, shlex, sys, tempfile, time, traceback, urllib.error, urllib.request

import botocore.exceptions, jmespath

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE))
import models

SERVICES = ["cloudtrail", "s3", "sns", "sqs", "logs", "iam", "sts", "kms", "ec2", "cloudwatch", "organizations"]


def read_calls(path):
    """The lines of calls.txt: (name, [variable=value...], command, {variable: expression})."""
    calls = []
    for line in pathlib.Path(path).read_text().replace("\\\n", " ").splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        line, _, saved = line.partition(" -> ")
        name, *words = shlex.split(line)
        environment = [w for w in words if re.match(r"^[A-Z_]+=", w)]
        keep = dict(s.split("=", 1) for s in shlex.split(saved))
        calls.append((name, environment, words[len(environment):], keep))
    names = [c[0] for c in calls]
    twice = {n for n in names if names.count(n) > 1}
    if twice:
        sys.exit(f"FAILED: {path}: two calls have the name {', '.join(sorted(twice))}")
    return calls


class Seen:
    """What passes on the wire in one call: statuses, error codes, and what the models find in the answers."""

    def __init__(self):
        self.sent, self.status, self.codes, self.findings, self.answers = 0, 0, [], [], 0

    def send(self, request, **_):
        """No call may leave this machine."""
        self.sent += 1
        if not request.url.startswith(os.environ["AWS_ENDPOINT_URL"]):
            sys.stderr.write(f"the AWS CLI asks {request.url}\n")
            sys.stderr.flush()
            os._exit(1)

    def __call__(self, http_response, parsed, model, **_):
        self.status = http_response.status_code
        self.answers += 1
        if self.status >= 400:
            code = parsed.get("Error", {}).get("Code")
            self.codes.append(code)
            self.findings += models.check_error(model, parsed, self.status)
        elif self.status < 300:
            self.findings += models.check_answer(model, http_response)


def run_cli(driver, words, out):
    seen = Seen()
    driver.session.register("after-call", seen)
    driver.session.register("before-send", seen.send)
    if words[0] == "sqs":  # the AWS CLI 1 puts an address of its own in place of AWS_ENDPOINT_URL there
        words = words + ["--endpoint-url", os.environ["AWS_ENDPOINT_URL"]]
    try:
        code = driver.main(words)
    except SystemExit as e:
        code = e.code
    sys.stdout.flush()
    sys.stderr.flush()
    out.write(json.dumps({"exit": code or 0, "sent": seen.sent, "status": seen.status, "codes": seen.codes, "answers": seen.answers, "findings": seen.findings}))


def fetch(url, out):
    """What a reader without credentials gets from a presigned URL."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            print(answer.read().decode())
            out.write(json.dumps({"exit": 0, "sent": 1, "status": answer.status, "codes": [], "answers": 0, "findings": []}))
    except urllib.error.HTTPError as e:
        code = re.search(r"<Code>(\w+)</Code>", e.read().decode(errors="replace"))
        out.write(json.dumps({"exit": 1, "sent": 1, "status": e.code, "codes": [code and code[1]], "answers": 0, "findings": []}))
    sys.stdout.flush()


def run(driver, environment, words, folder):
    """One call in a child; its outcome, and what it printed."""
    with tempfile.TemporaryFile("w+") as result, tempfile.TemporaryFile("w+") as stdout, tempfile.TemporaryFile("w+") as stderr:
        child = os.fork()
        if child == 0:
            try:
                os.chdir(folder)
                os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
                os.dup2(stdout.fileno(), 1)
                os.dup2(stderr.fileno(), 2)
                os.environ.update(e.split("=", 1) for e in environment)
                if words[0] == "fetch":
                    fetch(words[1], result)
                else:
                    run_cli(driver, words, result)
                result.flush()
            except BaseException:
                traceback.print_exc()
                sys.stderr.flush()
            os._exit(0)
        os.waitpid(child, 0)
        texts = []
        for f in (result, stdout, stderr):
            f.seek(0)
            texts.append(f.read())
    if not texts[0]:
        sys.exit(f"FAILED: the AWS CLI broke down at: {shlex.join(words)}\n{texts[2]}")
    answer = json.loads(texts[0])
    answer["stdout"], answer["stderr"] = texts[1], texts[2]
    return answer


def parse(text):
    """The JSON that a command printed, or its lines."""
    try:
        return json.loads(text) if text.strip() else None
    except ValueError:
        # s3 transfers print in the order in which they end, and progress before a carriage return. A listing has times before the names.
        lines = [line.rsplit("\r", 1)[-1].strip() for line in text.splitlines() if line.strip()]
        return sorted(lines, key=lambda line: re.sub(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", "", line))


def warm(driver):
    """Loads the models, and what a call would load only when it is made, before the first child is made."""
    import awscli.customizations.s3.subcommands, s3transfer.manager

    session = driver.session
    commands = driver._get_command_table()
    for name in SERVICES:
        session.create_client(name, region_name="us-east-1")
        for load in (session.get_paginator_model, session.get_waiter_model):
            try:
                load(name)
            except botocore.exceptions.UnknownServiceError:
                pass  # a service without any
        for command in {name, "s3api" if name == "s3" else name}:
            getattr(commands[command], "_get_command_table", lambda: None)()
    gc.collect()
    gc.freeze()


def main():
    calls, endpoint, folder = read_calls(sys.argv[1]), sys.argv[2], pathlib.Path(sys.argv[3])
    os.environ["AWS_ENDPOINT_URL"] = endpoint
    from awscli.clidriver import create_clidriver

    driver = create_clidriver()
    warm(driver)
    work = folder / "work"
    work.mkdir(parents=True)
    known = {"documents": str(HERE / "documents"), "endpoint": endpoint, "now": int(time.time() * 1000)}
    answers, refused = {}, []
    for name, environment, words, keep in calls:
        words = [re.sub(r"\{(\w+)\}", lambda m: str(known.get(m[1], m[0])), w) for w in words]
        a = run(driver, environment, words, work)
        if a["exit"] and not a["sent"]:
            refused.append(f"FAILED: {name}: the AWS CLI refuses this call itself: {a['stderr'].strip()}")
        a["answer"] = parse(a.pop("stdout"))
        if words[0] == "fetch" and a["answer"] is not None:
            a["answer"] = {"body": a["answer"]}
        for variable, expression in keep.items():
            found = a["answer"][0] if expression == "line" and a["answer"] else jmespath.search(expression, a["answer"]) if isinstance(a["answer"], dict) else None
            known[variable] = found if found is not None else "absent"
        answers[name] = a
    if refused:
        sys.exit("\n".join(refused))
    (folder / "answers.json").write_text(json.dumps(answers))


main()
