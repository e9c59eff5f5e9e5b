"""Counts what a judge sees: each check is a line, and the first that does not hold ends in a line that says so."""
import sys, traceback

passed, failed = [], []


def ok(text):
    passed.append(text)
    print("ok:", text, flush=True)


def check(holds, text, *seen):
    """One thing that must hold; seen is shown when it does not."""
    if holds:
        return ok(text)
    failed.append(text)
    print("FAILED:", text, *(repr(s)[:600] for s in seen), flush=True)


def run(parts):
    """Runs functions one after the other: one that breaks is a failure, and the others still run."""
    for part in parts:
        try:
            part()
        except Exception:
            traceback.print_exc()
            check(False, f"{part.__module__}.{part.__name__} ran to its end")
    print(f"{len(passed)} passed, {len(failed)} failed")
    sys.exit(1 if failed else 0)
