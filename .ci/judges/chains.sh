#!/usr/bin/env bash
# The AWS CLI's own validate-logs judges the digest chains that the sandbox
# delivers: several regions, an organization, a backfill, gaps with a new prefix
# and a new bucket, and a rotated key; untouched, and with one file tampered
# with. trailctl must say the same of the same file.
# usage: chains.sh PATH-OF-AWS (its Python beside it; trailctl is on PATH)
set -euo pipefail
exec trailctl sandbox exec --log-interval 5m --digest-interval 1h --regions us-east-1,eu-west-1,ap-southeast-2 -- \
  "$(dirname "$1")/python" "$(dirname "$0")/chains.py"
