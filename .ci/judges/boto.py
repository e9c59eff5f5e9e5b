"""boto3 against the AWS of its environment, which boto.sh makes a sandbox."""
import sys

sys.dont_write_bytecode = True
import boto_errors, boto_moves, boto_pages, boto_waits, verdicts

verdicts.run([
    boto_pages.events, boto_pages.objects, boto_pages.versions, boto_pages.uploads, boto_pages.trails, boto_pages.topics,
    boto_pages.roles, boto_pages.queues, boto_pages.log_events, boto_pages.keys_and_aliases,
    boto_waits.buckets, boto_waits.objects, boto_waits.roles, boto_waits.alarms, boto_waits.services_without,
    boto_errors.codes, boto_errors.modeled,
    boto_moves.parts, boto_moves.presigned, boto_moves.resources, boto_moves.streams,
])
