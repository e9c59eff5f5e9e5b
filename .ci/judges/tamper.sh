#!/usr/bin/env bash
# A generator and an endpoint that are not part of this project make signed
# deliveries and tamper with them in many ways; trailctl must say of each what
# is true. Needs TRAILCTL_BENCH_DIR.
# usage: tamper.sh PATH-OF-PYTHON-WITH-CRYPTOGRAPHY (trailctl is on PATH)
set -euo pipefail
python=$1
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
"$python" "$TRAILCTL_BENCH_DIR/make_corpus.py" gen --out "$tmp/corpus" --logs 200 >/dev/null
TMPDIR=$tmp "$python" "$TRAILCTL_BENCH_DIR/tamper_table.py" --base "$tmp/corpus" \
  --cmd 'trailctl validate {arn} --start-time {start} --end-time {end} --output text' >"$tmp/table"
"$python" - "$tmp/table" <<'P'
import re, sys

# Exit code by case; what is not named here is 3.
valid = {"untouched", "log_recompressed", "log_extra_unlisted", "digest_signature_uppercase", "digest_sigalg_other", "key_spki_der"}
expected = {**{c: 0 for c in valid}, "keys_none": 1, "digest_deleted_all": 4}
rows = [[c.strip() for c in line.strip().strip("|").split("|")] for line in open(sys.argv[1]) if line.startswith("|")][2:]
wrong = [(r[0], expected.get(r[0], 3), r[1]) for r in rows if int(r[1]) != expected.get(r[0], 3)]
for case, want, got in wrong:
    print(f"FAILED: {case}: exit code {got}, want {want}")
assert len(rows) > 40, f"only {len(rows)} cases were run"
print(f"{len(rows) - len(wrong)} passed, {len(wrong)} failed")
sys.exit(bool(wrong))
P
