"""Networks at random, trained by paribus and by an independent plain-PyTorch builder.

    make fuzz                                      # 2,000 networks, another seed every time
    python -m benchmarks.fuzz --networks 60 --seed 7
    python -m benchmarks.fuzz --only 7:31          # one network again, with its study

Prints the seed first, every disagreement with the command that repeats it, and a count at the end.
Ends with code 1 if there was one. docs/fuzz.md says what is compared and by which rule.
"""

from __future__ import annotations

import argparse
import secrets
import sys
import time

from benchmarks.fuzz.report import Tally, described
from benchmarks.fuzz.workers import Found, run_networks

__all__ = ["main"]


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.fuzz", description=__doc__)
    parser.add_argument("--networks", type=int, default=2000, help="how many (default: 2000)")
    parser.add_argument("--seed", type=int, help="of the draws; a fresh one by default")
    parser.add_argument("--first", type=int, default=0, help="index of the first network")
    parser.add_argument("--only", metavar="SEED:INDEX", help="one network")
    parser.add_argument("--jobs", type=int, default=2, help="processes at a time (default: 2)")
    options = parser.parse_args()
    seed, first, count = options.seed, options.first, options.networks
    if options.only:
        seed, first, count = *map(int, options.only.split(":")), 1
    if seed is None:
        seed = secrets.randbelow(10**6)
    print(f"seed {seed}, networks {first} to {first + count - 1}", flush=True)
    started = time.perf_counter()
    tally = Tally()

    def seen(found: Found) -> None:
        tally.add(found)
        if found.differences or options.only:
            print(described(seed, found), flush=True)

    run_networks(seed, range(first, first + count), seen, jobs=options.jobs)
    print(f"{tally.summary()} {time.perf_counter() - started:.0f} s")
    sys.exit(1 if tally.disagreements else 0)


if __name__ == "__main__":
    main()
