"""Is bf16 as accurate as fp32? Paired seeds, two one-sided tests within 0.2 points.

    python -m benchmarks.equivalence

Runs two studies with paribus itself and writes results/precision.json. Ends with code 1 if
equivalence is not shown.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean

import paribus
from benchmarks.measuring.machine import describe_self
from paribus.api.run.running import RunOptions

ROOT = Path(__file__).parent
STUDIES = ("precision-lab-a", "precision-tutorial")
MARGIN = 0.002
ALPHA = 0.05


@dataclass(frozen=True)
class Equivalence:
    """Paired differences, other minus reference, and the test that they are small."""

    n: int
    mean: float
    low: float
    high: float
    """90 % interval: inside the margin exactly if both one-sided tests reject at 5 %."""
    p: float
    """The larger of the two one-sided p values."""

    @property
    def shown(self) -> bool:
        """Whether equivalence within the margin is shown."""
        return self.p < ALPHA


def two_one_sided(differences: Sequence[float], margin: float) -> Equivalence:
    """Test that the mean of paired differences lies inside (-margin, margin).

    Source: Schuirmann 1987; each side is `scipy.stats.ttest_1samp`.
    """
    from scipy import stats

    below = stats.ttest_1samp(differences, -margin, alternative="greater")
    above = stats.ttest_1samp(differences, margin, alternative="less")
    interval = stats.ttest_1samp(differences, 0.0).confidence_interval(1 - 2 * ALPHA)
    return Equivalence(
        n=len(differences),
        mean=mean(differences),
        low=float(interval.low),
        high=float(interval.high),
        p=float(max(below.pvalue, above.pvalue)),
    )


def measure(name: str, seeds: int | None) -> dict[str, object]:
    """Run a study and compare its two variants seed by seed."""
    with tempfile.TemporaryDirectory(prefix="paribus-bench-") as folder:
        study = paribus.load(ROOT / "studies" / f"{name}.yaml")
        results = study.run(Path(folder) / "out", options=RunOptions(seeds=seeds))
        trials = results.summary.trials
    accuracy = {(t.variant, t.seed): t.metrics["val_accuracy"] for t in trials}
    kinds = sorted({seed for _, seed in accuracy})
    found = two_one_sided([accuracy["bf16", s] - accuracy["fp32", s] for s in kinds], MARGIN)
    rate = {
        variant: mean(t.curves[-1].samples_per_second for t in trials if t.variant == variant)
        for variant in ("fp32", "bf16")
    }
    return {
        "study": name,
        "validation_examples": trials[0].observed.validation_examples,
        "val_accuracy": {v: mean(accuracy[v, s] for s in kinds) for v in ("fp32", "bf16")},
        "margin": MARGIN,
        **asdict(found),
        "shown": found.shown,
        "training_speedup": rate["bf16"] / rate["fp32"],
    }


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.equivalence", description=__doc__)
    parser.add_argument("--seeds", type=int, help="instead of the studies' own")
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "precision.json")
    options = parser.parse_args()
    found = [measure(name, options.seeds) for name in STUDIES]
    for item in found:
        print(
            f"{item['study']}: bf16 - fp32 = {item['mean']:+.3%} "
            f"(90 % interval {item['low']:+.3%} to {item['high']:+.3%}, n = {item['n']}), "
            f"p = {item['p']:.2g}: {'equivalent' if item['shown'] else 'not shown'} "
            f"within {MARGIN:.1%}"
        )
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": " ".join(["python -m benchmarks.equivalence", *sys.argv[1:]]),
        "machine": describe_self(),
        "studies": found,
    }
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    raise SystemExit(0 if all(item["shown"] for item in found) else 1)


if __name__ == "__main__":
    main()
