"""What upstream.py stands on: a plug between the sandbox and its upstream, the sandbox itself, and clients of either."""
import functools, json, os, signal, socket, subprocess, threading, time

import boto3
from botocore.config import Config

REGION = "us-east-1"


class Plug:
    """Passes connections on to an address, until it is pulled: then nobody answers there, as after the end of a server."""

    def __init__(self, port):
        self.target, self.port, self.listener, self.open = ("127.0.0.1", port), 0, None, set()
        self.push()

    def push(self):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(128)
        self.port, self.listener = listener.getsockname()[1], listener
        threading.Thread(target=self.accept, args=(listener,), daemon=True).start()

    def pull(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for s in list(self.open):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def accept(self, listener):
        while True:
            try:
                near, _ = listener.accept()
                far = socket.create_connection(self.target)
            except OSError:
                return
            self.open |= {near, far}
            threading.Thread(target=self.copy, args=(near, far), daemon=True).start()
            threading.Thread(target=self.copy, args=(far, near), daemon=True).start()

    def copy(self, source, to):
        try:
            while part := source.recv(1 << 16):
                to.sendall(part)
        except OSError:
            pass
        for s in (source, to):
            self.open.discard(s)
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Stack:
    """An upstream, the sandbox in front of it, and whoever calls them. near are addresses of the sandbox, far those of the upstream."""

    def __init__(self, kind, far, aws, tmp):
        self.kind, self.far, self.aws, self.tmp, self.server = kind, far, aws, tmp, None
        self.plug = Plug(int(far.rsplit(":", 1)[1]))
        self.tag = f"{time.time_ns() // 1_000_000 % 10**10}"  # names that nobody has used

    def start(self):
        """Starts the sandbox and reads the environment that it prints."""
        self.log = open(os.path.join(self.tmp, "sandbox.log"), "w")
        self.server = subprocess.Popen(
            ["trailctl", "sandbox", "start", "--listen", "127.0.0.1:0", "--upstream", f"http://127.0.0.1:{self.plug.port}",
             "--regions", "us-east-1,eu-west-1", "--log-interval", "1s", "--digest-interval", "4s"],
            stdout=subprocess.PIPE, stderr=self.log, text=True, start_new_session=True)
        printed = {}
        for line in self.server.stdout:
            if line.startswith("export "):
                name, value = line[len("export "):].strip().split("=", 1)
                printed[name] = value.strip("'\"")
            if line.startswith("unset "):
                break
        kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_") or k in ("AWS_PAGER",)}
        self.near = printed["AWS_ENDPOINT_URL"]
        self.environment = kept | printed
        self.account = boto3_client(self.near, "sts").get_caller_identity()["Account"]

    def stop(self):
        """Stops the sandbox and returns its exit code."""
        if self.server is None or self.server.poll() is not None:
            return None
        self.server.send_signal(signal.SIGINT)
        try:
            return self.server.wait(20)
        except subprocess.TimeoutExpired:
            self.server.kill()
            return self.server.wait()

    def trailctl(self, *args, code=0):
        """Runs trailctl with the sandbox as its AWS: its output."""
        p = subprocess.run(["trailctl", *args], env=self.environment | {"AWS_ACCESS_KEY_ID": "operator"}, capture_output=True, text=True, timeout=90, cwd=self.tmp)
        if p.returncode != code:
            raise AssertionError(f"trailctl {' '.join(args)}: exit code {p.returncode}, {code} was expected\n{p.stdout[-1500:]}{p.stderr[-1500:]}")
        return p.stdout

    def cli(self, address, *args, code=0):
        """Runs the AWS CLI against an address: what it printed, JSON if it is."""
        env = self.environment | {"AWS_ENDPOINT_URL": address, "AWS_ACCESS_KEY_ID": "operator"}
        p = subprocess.run([self.aws, "--endpoint-url", address, *args], env=env, capture_output=True, text=True, timeout=90, cwd=self.tmp)
        if p.returncode != code:
            raise AssertionError(f"aws {' '.join(args)}: exit code {p.returncode}, {code} was expected\n{p.stdout[-1500:]}{p.stderr[-1500:]}")
        try:
            return json.loads(p.stdout)
        except ValueError:
            return p.stdout + p.stderr

    def through(self, service, user="alice"):
        return boto3_client(self.near, service, user)

    def direct(self, service):
        return boto3_client(self.far, service)


@functools.cache
def boto3_client(address, service, user="operator"):
    return boto3.client(service, endpoint_url=address, region_name=REGION, aws_access_key_id=user, aws_secret_access_key="judge",
                        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}))


def until(look, seconds, what):
    """Looks again and again until there is something, and returns it."""
    end = time.monotonic() + seconds
    while True:
        seen = look()
        if seen:
            return seen
        if time.monotonic() > end:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(0.3)
