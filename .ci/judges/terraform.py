"""Checks Terraform files against the AWS provider's own schema.

The names come from the prebuilt CDKTF bindings, which HashiCorp generates from
the provider: every resource type, argument and block must be there, a block
must be a block, and an argument an argument.
usage: terraform.py WHEEL-OF-THE-BINDINGS FILE.tf...
"""
import io, re, sys, tarfile, zipfile

import hcl2

META = {"depends_on", "provider", "count", "for_each", "lifecycle"}


def library(wheel):
    z = zipfile.ZipFile(wheel)
    tgz = next(n for n in z.namelist() if n.endswith(".jsii.tgz"))
    return tarfile.open(fileobj=io.BytesIO(z.read(tgz)))


def sources(tar, types):
    wanted = {"package/lib/" + t.removeprefix("aws_").replace("_", "-") + "/index.js": t for t in types}
    found = {}
    for m in tar:
        if m.name in wanted:
            found[wanted[m.name]] = tar.extractfile(m).read().decode()
    return found


def members(text):
    """The members of one table of a generated file: name -> (is a block, its function)."""
    out = {}
    for m in re.finditer(r"^ +(\w+): \{\n +value: (.*),\n +isBlock: (true|false),", text, re.M):
        inner = re.search(r"(\w+)ToHclTerraform", m[2])
        out[m[1]] = (m[3] == "true", inner[1] if inner else "")
    return out


def tables(js):
    """All tables of a resource: "" is the resource itself."""
    out = {}
    for m in re.finditer(r"function (\w+)ToHclTerraform\(struct\) \{(.*?)\n\}", js, re.S):
        out[m[1]] = members(m[2])
    top = re.search(r"synthesizeHclAttributes\(\) \{(.*?)\n    \}", js, re.S)
    out[""] = members(top[1])
    return out


def bare(name):
    return name.strip('"')


def check(where, body, all_tables, table, problems):
    known = all_tables[table]
    checked = 0
    for name, value in body.items():
        name = bare(name)
        if name.startswith("__"):
            continue
        checked += 1
        if table == "" and name in META:
            continue
        if name not in known:
            problems.append(f"{where} has no {name}")
            continue
        is_block, inner = known[name]
        blocks = isinstance(value, list) and value and all(isinstance(v, dict) for v in value)
        if is_block != bool(blocks):
            problems.append(f"{where}.{name} is {'a block' if is_block else 'an argument'}")
            continue
        if is_block:
            for v in value:
                checked += check(f"{where}.{name}", v, all_tables, inner, problems)
    return checked


def main():
    wheel, files = sys.argv[1], sys.argv[2:]
    resources, problems, checked = [], [], 0
    for path in files:
        with open(path) as f:
            for block in hcl2.load(f).get("resource", []):
                for kind, named in block.items():
                    if not kind.startswith("__"):
                        resources += [(path, bare(kind), bare(n), b) for n, b in named.items() if not n.startswith("__")]
    js = sources(library(wheel), {kind for _, kind, _, _ in resources})
    for path, kind, name, body in resources:
        if kind not in js:
            problems.append(f"{path}: the provider has no {kind}")
            continue
        checked += check(f"{path}: {kind}.{name}", body, tables(js[kind]), "", problems)
    for p in problems:
        print("FAILED:", p)
    print(f"{len(resources)} resources of {len(js)} types, {checked} arguments and blocks checked, {len(problems)} wrong")
    sys.exit(bool(problems) or not resources)


main()
