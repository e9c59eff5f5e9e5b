#!/usr/bin/env bash
# boto3 judges the sandbox: its paginators, waiters, modeled exceptions and
# error codes, its transfers in parts, presigned addresses and its resources.
# usage: boto.sh PATH-OF-PYTHON-WITH-BOTO3 (trailctl is on PATH)
set -euo pipefail
exec trailctl sandbox exec --log-interval 1h --digest-interval 1h -- "$1" "$(dirname "$0")/boto.py"
