"""Reads what "logs export" wrote with DuckDB, Arrow and the OCSF schema, and
compares it with what jq found in the log files. See parquet.sh."""

import collections
import json
import pathlib
import sys

import duckdb
import jsonschema
import ocsf_json_schema
import pyarrow.compute
import pyarrow.dataset

tmp = pathlib.Path(sys.argv[1])
passed = 0


def ok(what):
    global passed
    passed += 1
    print("ok:", what)


def equal(got, want, what):
    if got != want:
        sys.exit(f"FAILED: {what}: {str(got)[:500]} is not {str(want)[:500]}")
    ok(what)


truth = [json.loads(line) for line in open(tmp / "truth.jsonl", encoding="utf-8")]
fields = ["event_name", "event_source", "aws_region", "event_time", "error_code", "read_only",
          "user_identity_arn", "session_issuer_user_name"]
want = {f: collections.Counter(r[i] for r in truth) for i, f in enumerate(fields)}
days = collections.Counter(r[3][:10] for r in truth)
db = duckdb.connect()
db.execute("set timezone = 'UTC'")


def counts(source, column):
    if column == "event_time":
        column = "strftime(event_time, '%Y-%m-%dT%H:%M:%SZ')"
    return collections.Counter(dict(db.sql(f"select {column}, count(*) from {source} group by 1").fetchall()))


# DuckDB on Parquet.
parquet = f"read_parquet('{tmp}/parquet*/**/*.parquet', hive_partitioning = true)"
for f in fields:
    equal(counts(parquet, f), want[f], f"DuckDB counts the records by {f} as jq does ({len(want[f])} values)")
equal({str(d): n for d, n in db.sql(f"select event_date, count(*) from {parquet} group by 1").fetchall()}, dict(days), "the folders are the days")
equal(db.sql(f"select count(*) from {parquet} where event_date <> event_time::date or event_hour <> hour(event_time)").fetchall(), [(0,)],
      "each record lies in the folder of its day and hour")
equal(db.sql(f"select count(*) from {parquet} where raw ->> '$.eventID' is distinct from event_id").fetchall(), [(0,)], "the raw record is that of its row")
rows = db.sql(f"select event_id, request_parameters, list_transform(resources, lambda r: r.arn) from {parquet}").fetchall()
same = lambda text, value: (json.loads(text) if text is not None else None) == value
found = {i: (p, a) for i, p, a in rows}
equal(sum(not same(found[r[10]][0], r[8]) or found[r[10]][1] != r[9] for r in truth), 0, "requestParameters and resources are those of the log files")

# Arrow on Parquet.
table = pyarrow.dataset.dataset(next(tmp.glob("parquet*")), format="parquet", partitioning="hive").to_table(
    columns=["event_name", "event_time", "resources", "read_only"])
got = {v["values"]: v["counts"] for v in pyarrow.compute.value_counts(table["event_name"]).to_pylist()}
equal(got, dict(want["event_name"]), "Arrow counts the records by event_name as jq does")
equal(str(table.schema.field("event_time").type), "timestamp[ms, tz=UTC]", "Arrow sees a time in UTC")

# DuckDB on CSV and JSON Lines.
for name in ("csvraw/**/*.csv", "csvcompressgzipsplitnone/*.csv.gz"):
    csv = f"read_csv('{tmp}/{name}', header = true, all_varchar = true)"
    equal(counts(csv, "event_name"), want["event_name"], f"DuckDB counts the records of {name.split('/')[0]} as jq does")
for name in ("jsonlcompresszstd/**/*.jsonl.zst", "jsonlcompressgzip/**/*.jsonl.gz"):
    lines = f"read_json('{tmp}/{name}', format = 'newline_delimited', columns = {{eventName: 'VARCHAR'}}, maximum_object_size = 100000000)"
    equal(counts(lines, "eventName"), want["event_name"], f"DuckDB counts the records of {name.split('/')[0]} as jq does")

# OCSF events: all of a small export, every hundredth of a large one.
schema = ocsf_json_schema.OcsfJsonSchemaEmbedded(ocsf_json_schema.get_ocsf_schema("1.5.0"))
judge = {
    uid: jsonschema.Draft202012Validator(schema.get_class_schema(name, ["cloud", "datetime"]))
    for uid, name in ((6003, "api_activity"), (3002, "authentication"))
}
step = 1 + len(truth) // 3000
events, classes = 0, collections.Counter()
for file in sorted((tmp / "ocsfraw").rglob("*.jsonl")):
    for line in open(file, encoding="utf-8"):
        events += 1
        if events % step:
            continue
        event = json.loads(line)
        classes[event["class_uid"]] += 1
        for error in judge[event["class_uid"]].iter_errors(event):
            sys.exit(f"FAILED: an OCSF event: {list(error.absolute_path)}: {error.message[:300]}\n{line[:2000]}")
equal(events, len(truth), "there is an OCSF event for each record")
ok(f"{sum(classes.values())} OCSF events hold against the schema 1.5.0: {dict(classes)}")
print(f"{passed} passed, 0 failed")
