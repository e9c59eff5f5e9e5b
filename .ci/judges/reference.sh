#!/usr/bin/env bash
# trailctl must find whatever "aws cloudtrail validate-logs" finds: both read
# the same random deliveries, each tampered with in one way, and are compared
# file by file. Needs TRAILCTL_BENCH_DIR.
# usage: reference.sh PATH-OF-PYTHON-WITH-CRYPTOGRAPHY PATH-OF-AWS [NUMBER [SEED]] (trailctl is on PATH)
set -euo pipefail
if [ -z "${TRAILCTL_BENCH_DIR:-}" ]; then
  echo "skipped: TRAILCTL_BENCH_DIR names no bench"
  exit 0
fi
here=$(cd "$(dirname "$0")" && pwd)
exec "$1" "$here/reference.py" --aws "$2" --corpora "${3:-12}" ${4:+--seed "$4"}
