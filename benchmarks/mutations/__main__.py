"""`make mutate`: print what leaks, and end with 1 if something does."""

from __future__ import annotations

import argparse
import secrets
import sys
import tempfile
from pathlib import Path

from benchmarks.mutations.subjects import subjects
from benchmarks.mutations.sweep import sweep


def main() -> int:
    """Sweep, and say what came of it."""
    parser = argparse.ArgumentParser(description="Mutated files against every reader.")
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=None, help="decides all mutations [drawn]")
    parser.add_argument("--only", type=int, default=None, help="repeat this mutation alone")
    arguments = parser.parse_args()
    seed = secrets.randbelow(10**6) if arguments.seed is None else arguments.seed
    print(f"seed {seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="mutations-") as name:
        found = sweep(subjects(Path(name)), arguments.count, seed, arguments.only)
    for leak in found.leaks:
        print(f"{leak.number}: {leak.kind}, {leak.file}, {leak.harm}, {leak.reader}: {leak.what}")
    total = sum(found.refused.values()) + sum(found.unnoticed.values()) + len(found.leaks)
    for kind in sorted(found.refused | found.unnoticed):
        print(f"{kind}: {found.refused[kind]} refused, {found.unnoticed[kind]} read")
    print(f"{total} mutations, {len(found.leaks)} leaks, {found.seconds:.0f} s")
    return 1 if found.leaks else 0


sys.exit(main())
