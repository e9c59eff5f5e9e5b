"""Holds the answers of a service against the models that the AWS CLI carries (botocore's data): an answer holds only members
that the operation's output shape knows, of their types, and all that it requires; an error has a code that the operation
declares, or one of common-errors.txt."""
import datetime, json, pathlib, re
import xml.etree.ElementTree as ET

from botocore.parsers import RpcV2CBORParser

COMMON = pathlib.Path(__file__).with_name("common-errors.txt")
ISO = re.compile(r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$")
HTTP_DATE = re.compile(r"^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$")
# Headers of every S3 answer, which no output shape has (S3 API reference, "Common Response Headers"; HeadBucket for the region).
COMMON_HEADERS = {"x-amz-request-id", "x-amz-id-2", "x-amzn-requestid", "x-amz-bucket-region"}


def check_answer(model, http):
    where = f"{model.service_model.service_name} {model.name}"
    shape = model.output_shape
    protocol = model.service_model.metadata["protocol"]
    found = []
    if shape is None:
        body = http.content.strip()
        if protocol in ("json", "rest-xml") and body not in (b"", b"{}"):
            found.append("the answer has a body, and the operation has no output")
    elif protocol == "json":
        if not model.has_event_stream_output:
            try:
                check_json(json.loads(http.content or b"{}"), shape, "", found)
            except ValueError:
                found.append("the answer is no JSON")
    elif protocol == "query":
        root = strip(ET.fromstring(http.content))
        wrapper = shape.serialization.get("resultWrapper")
        node = root.find(wrapper) if wrapper else root
        if root.tag != model.name + "Response" or node is None:
            found.append(f"the answer is a {root.tag}, without a {wrapper}")
        else:
            check_xml(node, shape, "", found)
        if not root.findtext("ResponseMetadata/RequestId"):
            found.append("the answer has no request id")
    elif protocol == "smithy-rpc-v2-cbor":
        parser = RpcV2CBORParser()
        check_json(plain(parser.parse_data_item(parser.get_peekable_stream_from_bytes(http.content))), shape, "", found)
    elif protocol == "ec2":
        root = strip(ET.fromstring(http.content))
        id = root.find("requestId")
        if root.tag != model.name + "Response" or id is None or not id.text:
            found.append(f"the answer is a {root.tag}, or has no request id")
        else:
            root.remove(id)
            check_xml(root, shape, "", found)
    else:
        check_rest(model, http, shape, found)
    return [f"{where}: {f}" for f in found]


def plain(value):
    """A value of CBOR as JSON would have it: times are numbers."""
    if isinstance(value, dict):
        return {name: plain(one) for name, one in value.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value.timestamp() if isinstance(value, datetime.datetime) else value


def check_rest(model, http, shape, found):
    """S3: members stand in headers, in the body's document, or are the body."""
    headers = {k.lower(): v for k, v in http.headers.items()}
    names, prefixes = {}, []
    for name, member in shape.members.items():
        location = member.serialization.get("location")
        wire = member.serialization.get("name", name).lower()
        if location == "header":
            names[wire] = member
            if wire in headers:
                check_text(headers[wire], member, name, found, HTTP_DATE)
        elif location == "headers":
            prefixes.append(wire)
    for wire in headers:
        if wire.startswith("x-amz-") and wire not in names and wire not in COMMON_HEADERS and not wire.startswith(tuple(prefixes) or "\0"):
            found.append(f"the header {wire} is not known")
    for name in shape.required_members:
        wire = shape.members[name].serialization.get("name", name).lower()
        if shape.members[name].serialization.get("location") == "header" and wire not in headers:
            found.append(f"{name} is missing")
    payload = shape.serialization.get("payload")
    if model.has_streaming_output:
        return
    target = shape.members[payload] if payload else shape
    body = {n: m for n, m in getattr(target, "members", {}).items() if "location" not in m.serialization}
    if target.type_name != "structure":
        return  # the body as it is: a policy
    if not http.content.strip():
        if body and model.name not in EMPTY:
            found.append("the answer has no body")
        return
    if not body:
        found.append("the answer has a body, and the operation has none")
        return
    check_xml(strip(ET.fromstring(http.content)), target, "", found)


# HEAD requests, and operations whose output has members in its body that a plain bucket leaves out altogether.
EMPTY = {"HeadObject", "HeadBucket"}


def strip(root):
    for node in root.iter():
        node.tag = node.tag.rsplit("}", 1)[-1]
    return root


def wire_name(name, member):
    if member.type_name == "list" and member.serialization.get("flattened") and "name" in member.member.serialization:
        return member.member.serialization["name"]
    return member.serialization.get("name", name)


def check_xml(node, shape, path, found):
    kind = shape.type_name
    if kind == "structure":
        members = {wire_name(n, m): (n, m) for n, m in shape.members.items() if "location" not in m.serialization and not m.serialization.get("xmlAttribute")}
        # S3's location is a text in the root, and the other way round; botocore's parser does the same by hand.
        if shape.name == "GetBucketLocationOutput":
            return
        for child in node:
            if child.tag not in members:
                found.append(f"{path}.{child.tag} is not known")
        for wire, (name, member) in members.items():
            children = node.findall(wire)
            if not children:
                if name in shape.required_members:
                    found.append(f"{path}.{name} is missing")
                continue
            if member.type_name in ("list", "map") and member.serialization.get("flattened"):
                for child in children:
                    check_xml(child, member.member if member.type_name == "list" else member, f"{path}.{name}[]", found)
                continue
            if len(children) > 1:
                found.append(f"{path}.{name} is there {len(children)} times")
            check_xml(children[0], member, f"{path}.{name}", found)
    elif kind == "list":
        wire = shape.member.serialization.get("name", "member")
        for child in node:
            if child.tag != wire:
                found.append(f"{path}.{child.tag} is not known, a list has {wire}")
            else:
                check_xml(child, shape.member, path + "[]", found)
    elif kind == "map":
        for entry in node.findall("entry"):
            if [c.tag for c in entry] != [shape.key.serialization.get("name", "key"), shape.value.serialization.get("name", "value")]:
                found.append(f"{path}: an entry has {[c.tag for c in entry]}")
    else:
        check_text(node.text or "", shape, path, found, ISO)


def check_text(text, shape, path, found, time):
    kind = shape.type_name
    good = {
        "integer": lambda: re.fullmatch(r"-?\d+", text), "long": lambda: re.fullmatch(r"-?\d+", text),
        "float": lambda: float(text) == float(text), "double": lambda: float(text) == float(text),
        "boolean": lambda: text in ("true", "false"), "timestamp": lambda: time.match(text),
    }
    if kind in good and not good[kind]():
        found.append(f"{path}: {text[:60]!r} is no {kind}")
    check_enum(text, shape, path, found)


def check_enum(text, shape, path, found):
    if getattr(shape, "enum", None) and text not in shape.enum:
        found.append(f"{path}: {text[:60]!r} is none of {', '.join(shape.enum[:12])}")


def check_json(value, shape, path, found):
    kind = shape.type_name
    types = {
        "structure": dict, "map": dict, "list": list, "string": str, "blob": str, "boolean": bool,
        "integer": int, "long": int, "float": (int, float), "double": (int, float), "timestamp": (int, float),
    }
    if value is None:
        found.append(f"{path} is null")
        return
    if not isinstance(value, types[kind]) or isinstance(value, bool) != (kind == "boolean"):
        found.append(f"{path}: {str(value)[:60]!r} is no {kind}")
        return
    if kind == "structure":
        members = {m.serialization.get("name", n): (n, m) for n, m in shape.members.items()}
        for name in value:
            if name not in members:
                found.append(f"{path}.{name} is not known")
        for wire, (name, member) in members.items():
            if wire in value:
                check_json(value[wire], member, f"{path}.{name}", found)
            elif name in shape.required_members:
                found.append(f"{path}.{name} is missing")
    elif kind == "list":
        for one in value:
            check_json(one, shape.member, path + "[]", found)
    elif kind == "map":
        for key, one in value.items():
            check_enum(key, shape.key, path + ".key", found)
            check_json(one, shape.value, f"{path}.{key}", found)
    elif kind == "string":
        check_enum(value, shape, path, found)


def check_error(model, parsed, status):
    """The code that clients compare with is the shape's, or the one that its error trait names."""
    where = f"{model.service_model.service_name} {model.name}"
    error = parsed.get("Error", {})
    code = error.get("QueryErrorCode") or error.get("Code", "")  # SQS names the error of its older protocol in a header
    if code == str(status) and model.http.get("method") == "HEAD":
        return []  # the answer to a HEAD request has no body
    declared = set()
    for shape in model.error_shapes:
        declared |= {shape.name, shape.metadata.get("error", {}).get("code", shape.name)}
    service = model.service_model.service_name
    common = set()
    for line in COMMON.read_text().splitlines():
        words = line.split("#")[0].split()
        if words and words[0] in ("all", service):
            common |= set(words[1:])
    found = []
    if code not in declared | common:
        found.append(f"the error {code} is neither declared by the model nor a common error")
    if not error.get("Message") and not parsed.get("message"):
        found.append(f"the error {code} has no message")
    return [f"{where}: {f}" for f in found]
