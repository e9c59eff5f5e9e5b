"""Serves one delivery on 127.0.0.1 with the bench's endpoint, which this adds to: keys of each region, GetTrailStatus, and faults on any call.
usage: served.py DELIVERY PORT [FAULT...], with FAULT = REGEX=ACTION[:COUNT]; REGEX is searched in "OPERATION BUCKET/KEY" or "OPERATION PREFIX",
ACTION is an error code, or drop (the connection closes), stall (no answer), cut (half the body, then closed), hang (half the body, then nothing)."""
import asyncio, json, os, re, socket, sys
from argparse import Namespace
from urllib.parse import parse_qsl, unquote

sys.dont_write_bytecode = True
sys.path.insert(0, os.environ["TRAILCTL_BENCH_DIR"])
import endpoint

STATUS = {"SlowDown": 503, "ThrottlingException": 400}
bench_handle = endpoint.handle
faults = []


def operation(method, path, q, headers):
    if "x-amz-target" in headers:
        return headers["x-amz-target"].rsplit(".", 1)[-1], ""
    p = unquote(path).lstrip("/")
    if "/" in p and p.split("/", 1)[1]:
        return {"HEAD": "HeadObject"}.get(method, "GetObject"), p
    if method == "HEAD":
        return "HeadBucket", p
    return "GetBucketLocation" if "location" in q else "ListObjects", p.strip("/") + "/" + q.get("prefix", "")


def refuse(op, code):
    if op in ("GetObject", "HeadObject", "ListObjects", "HeadBucket", "GetBucketLocation"):
        return endpoint.err(code)
    return STATUS.get(code, 400), {"Content-Type": "application/x-amz-json-1.1"}, json.dumps({"__type": code, "message": code}).encode()


def answer(op, method, target, headers, body):
    c = endpoint.S.c
    if op == "ListPublicKeys":
        m = re.search(r"Credential=[^/]*/\d+/([^/]*)/", headers.get("authorization", ""))
        keys = endpoint.S.keys
        endpoint.S.keys = [k for k in keys if k.get("Region", m and m[1]) == (m and m[1])]
        try:
            return bench_handle(method, target, headers, body)
        finally:
            endpoint.S.keys = keys
    if op == "GetTrailStatus" and "started" in c:
        out = {"IsLogging": not c["stopped"], "StartLoggingTime": c["started"]}
        if c["stopped"]:
            out["StopLoggingTime"] = c["stopped"]
        return op, (200, {"Content-Type": "application/x-amz-json-1.1"}, json.dumps(out).encode())
    r = bench_handle(method, target, headers, body)
    if op in ("DescribeTrails", "GetTrail") and "multi" in c and not c["multi"]:
        r = r[0], (r[1][0], r[1][1], r[1][2].replace(b'"IsMultiRegionTrail": true', b'"IsMultiRegionTrail": false'))
    return r


def handle(method, target, headers, body):
    path, _, qs = target.partition("?")
    if path.startswith("/_"):
        return bench_handle(method, target, headers, body)
    q = dict(parse_qsl(qs, keep_blank_values=True))
    op, what = operation(method, path, q, headers)
    for f in faults:
        if f[2] and f[0].search(op + " " + what):
            f[2] -= 1
            if f[1] in ("drop", "stall"):
                return op, (f[1],)
            if f[1] in ("cut", "hang"):
                return op, (f[1], answer(op, method, target, headers, body)[1])
            return op, refuse(op, f[1])
    return answer(op, method, target, headers, body)


class Protocol(endpoint.P):
    def send(self, method, resp):
        if resp[0] in ("cut", "hang") and not self.tr.is_closing():
            st, h, body = resp[1]
            head = f"HTTP/1.1 {st} X\r\nContent-Length: {len(body)}\r\n" + "".join(f"{k}: {v}\r\n" for k, v in h.items()) + "\r\n"
            self.tr.write(head.encode("latin1") + body[: len(body) // 2])
            if resp[0] == "cut":
                self.tr.close()
            return
        super().send(method, resp)


def main():
    root, port = sys.argv[1], int(sys.argv[2])
    endpoint.A = Namespace(latency=0, keys_per_page=0, location=None, content_encoding="gzip", log=False)
    endpoint.S, endpoint.handle = endpoint.Corpus(root), handle
    for f in sys.argv[3:]:
        rx, act = f.rsplit("=", 1)
        act, _, n = act.partition(":")
        faults.append([re.compile(rx), act, int(n or 10**9)])

    async def serve():
        s = socket.socket()
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(("127.0.0.1", port))
        server = await asyncio.get_running_loop().create_server(Protocol, sock=s)
        print(s.getsockname()[1], flush=True)
        await server.serve_forever()
    asyncio.run(serve())


if __name__ == "__main__":
    main()
