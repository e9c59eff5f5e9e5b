#!/usr/bin/env bash
# What cannot be read is not checked, and never invalid; what passes is asked
# for again. An endpoint that is not part of this project refuses, cuts and
# drops calls of each kind. Needs TRAILCTL_BENCH_DIR.
# usage: faults.sh PATH-OF-PYTHON-WITH-CRYPTOGRAPHY [--all] (trailctl is on PATH); without --all only what takes no minutes
set -euo pipefail
if [ -z "${TRAILCTL_BENCH_DIR:-}" ]; then
  echo "skipped: TRAILCTL_BENCH_DIR names no bench"
  exit 0
fi
here=$(cd "$(dirname "$0")" && pwd)
if [ "${2:-}" = --all ]; then
  exec "$1" "$here/faults.py"
fi
exec "$1" "$here/faults.py" --only '(AccessDenied|InvalidObjectState|ExpiredToken|SlowDown:1|drop:1|cut:1)(Exception)?$'
