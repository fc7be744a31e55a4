"""Do verdicts err as rarely as promised? Simulated studies through the product's own judging.

    make calibrate

Every study is 2 x 2 variants over 10 seeds with a common part per seed, judged by
`paribus.judge.summary.summarise`. Writes results/calibration.json and ends with code 1 if a rate
is above what is promised.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import ndtri

from paribus.judge.marks import Marks
from paribus.judge.results import StudyResults
from paribus.judge.summary import summarise
from paribus.records import Claim, Plan, SelectRule, StoredTrial, Variant

ROOT = Path(__file__).parent
SEEDS = 10
FULL = 10_000
MARGIN = 0.01
SPREAD = 0.008
"""Standard deviation of a variant's own part of the accuracy."""
DECIDED = ("supported", "supported but negligible", "refuted")
Draw = Callable[[np.random.Generator], float]


def _claim(name: str, kind: str, left: str, operator: str, right: str, **more: Any) -> Claim:
    values: dict[str, Any] = {"factor": "reg", "margin": MARGIN, **more}
    return Claim(
        name,
        name,
        left=left,
        operator=operator,
        right=right,
        metric="val_accuracy",
        kind=kind,
        **values,
    )  # type: ignore[arg-type]


DIRECTED = (
    _claim("main", "difference", "bn", ">", "none"),
    _claim("depth", "difference", "one", ">", "two", factor="depth"),
    _claim("within", "difference", "bn", "<", "none", within={"depth": "two"}),
    _claim("interaction", "interaction", "bn", "depends", "none", other="depth"),
    _claim("threshold", "threshold", "bn", ">", "0.8", threshold=0.8),
)
EQUAL = (_claim("equal", "difference", "bn", "=", "none"),)


def plan_of(claims: Sequence[Claim], looks: tuple[int, ...] = ()) -> Plan:
    """Return a study of two factors with two levels."""
    levels = {"depth": ("one", "two"), "reg": ("none", "bn")}
    data = {"source": "digits", "split": {"validation": 0.2}, "preprocess": [{"scale": {}}]}
    variants = tuple(
        Variant(f"{d}/{r}", {"depth": d, "reg": r}, data, {}, {})
        for d in levels["depth"]
        for r in levels["reg"]
    )
    return Plan(
        "simulated",
        "",
        "one/none",
        levels,
        variants,
        tuple(range(looks[-1] if looks else SEEDS)),
        tuple(claims),
        SelectRule(),
        looks,
    )


def simulated(plan: Plan, gain: float, noise: Draw, draws: np.random.Generator) -> StudyResults:
    """Judge one study in which batch normalisation gains ``gain``."""
    trials = []
    for seed in plan.seeds:
        common = draws.normal(0, 0.01)
        for variant in plan.variants:
            accuracy = 0.8 + noise(draws) + gain * (variant.levels["reg"] == "bn")
            if not any(claim.kind == "threshold" for claim in plan.claims):
                accuracy += common
            trials.append(_trial(variant, seed, float(accuracy)))
    return summarise(plan, trials)


def _trial(variant: Variant, seed: int, accuracy: float) -> StoredTrial:
    return StoredTrial(
        identity=f"{variant.name}/{seed}",
        variant=variant.name,
        levels=variant.levels,
        seed=seed,
        fit_on="train",
        status="done",
        attempts=1,
        epochs=1,
        wall_seconds=1.0,
        metrics={"val_accuracy": accuracy},
    )


def normal(draws: np.random.Generator) -> float:
    """Draw normal noise."""
    return float(draws.normal(0, SPREAD))


def heavy(draws: np.random.Generator) -> float:
    """Draw from a t distribution with 3 degrees of freedom, of the same spread."""
    return float(draws.standard_t(3)) * SPREAD / 3**0.5


NOISES: dict[str, Draw] = {"normal": normal, "heavy tails": heavy}


@dataclass(frozen=True)
class Scenario:
    """What is simulated, what counts, and what is promised."""

    name: str
    claims: tuple[Claim, ...]
    gain: float
    noise: str
    counts: str
    low: float
    high: float
    looks: tuple[int, ...] = ()
    images: int = 0
    """Simulate every image being right or wrong, in a sample of so many."""


SCENARIOS = (
    Scenario(
        "any wrong decision, five claims, no effect", DIRECTED, 0.0, "normal", "decided", 0.0, 0.055
    ),
    Scenario(
        "any wrong decision, heavy tails", DIRECTED, 0.0, "heavy tails", "decided", 0.0, 0.055
    ),
    Scenario("interval covers the truth", DIRECTED[:1], 0.004, "normal", "covered", 0.94, 0.96),
    Scenario("called equal at the margin", EQUAL, MARGIN, "normal", "equal", 0.0, 0.055),
    Scenario("called equal beyond the margin", EQUAL, 1.2 * MARGIN, "normal", "equal", 0.0, 0.055),
    Scenario(
        "any wrong decision, five claims, four looks",
        DIRECTED,
        0.0,
        "normal",
        "decided",
        0.0,
        0.055,
        looks=(5, 10, 15, 20),
    ),
    Scenario(
        "called equal at the margin, four looks",
        EQUAL,
        MARGIN,
        "normal",
        "equal",
        0.0,
        0.055,
        looks=(5, 10, 15, 20),
    ),
    Scenario(
        "interval covers the truth about the source of 400 images",
        (_claim("source", "difference", "bn", ">", "none", scope="data-source"),),
        0.02,
        "normal",
        "covered",
        0.94,
        0.96,
        images=400,
    ),
    Scenario(
        "any wrong decision about the source of 400 images",
        (_claim("source", "difference", "bn", ">", "none", scope="data-source"),),
        0.0,
        "normal",
        "decided",
        0.0,
        0.055,
        images=400,
    ),
)
"""A threshold at the truth and no common part keep all five claims null together."""


def simulated_images(
    plan: Plan, gain: float, images: int, draws: np.random.Generator
) -> StudyResults:
    """Judge one study whose images are a sample: some are hard, some hard for one variant only.

    An image is right where a normal draw of the seed stays below the variant's level plus what the
    image adds; so the accuracy on the source is known, and ``gain`` is what batch normalisation
    gains there.
    """
    of_images, of_pairs, of_seeds = 1.0, 0.4, 0.03
    total = (1 + of_images**2 + of_pairs**2 + of_seeds**2) ** 0.5
    hard = draws.normal(0, of_images, images)
    marks: dict[tuple[str, int], Marks] = {}
    trials = []
    ids = np.arange(images)
    for variant in plan.variants:
        accuracy = 0.8 + gain * (variant.levels["reg"] == "bn")
        level = float(ndtri(accuracy)) * total
        image_level = level + hard + draws.normal(0, of_pairs, images)
        for seed in plan.seeds:
            shift = draws.normal(0, of_seeds)
            right = draws.normal(0, 1, images) < image_level + shift
            marks[variant.name, seed] = Marks(ids, right)
            trials.append(_trial(variant, seed, float(right.mean())))
    return summarise(plan, trials, marking=lambda name, seed, _: marks[name, seed])


def happened(scenario: Scenario, results: StudyResults) -> bool:
    """Say whether the counted event happened in a study."""
    if scenario.counts == "covered":
        (row,) = results.claims
        return row.low <= scenario.gain <= row.high
    if scenario.counts == "equal":
        return any(row.verdict == "supported" for row in results.claims)
    return any(row.verdict in DECIDED for row in results.claims)


def count(scenario: Scenario, rounds: int, stream: int) -> int:
    """Simulate a share of the studies and count the event."""
    draws = np.random.default_rng([stream, SCENARIOS.index(scenario)])
    plan = plan_of(scenario.claims, scenario.looks)
    noise = NOISES[scenario.noise]
    if scenario.images:
        studies = (
            simulated_images(plan, scenario.gain, scenario.images, draws) for _ in range(rounds)
        )
    else:
        studies = (simulated(plan, scenario.gain, noise, draws) for _ in range(rounds))
    return sum(happened(scenario, results) for results in studies)


def measure(rounds: int, shares: int = 8, only: str = "") -> Iterator[dict[str, Any]]:
    """Simulate every scenario whose name holds ``only``, spread over the cores."""
    with ProcessPoolExecutor() as pool:
        for scenario in (item for item in SCENARIOS if only in item.name):
            work = partial(count, scenario, rounds // shares)
            hits = sum(pool.map(work, range(shares)))
            total = rounds // shares * shares
            rate = hits / total
            yield {
                "scenario": scenario.name,
                "noise": scenario.noise,
                "studies": total,
                "rate": rate,
                "promised": [scenario.low, scenario.high],
                "kept": scenario.low <= rate <= scenario.high,
            }


def _command(options: argparse.Namespace) -> str:
    """Return the command that gives all rows."""
    fewer = "" if options.studies == FULL else f" --studies {options.studies}"
    return f"python -m benchmarks.calibration{fewer}"


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibration", description=__doc__)
    parser.add_argument("--studies", type=int, default=FULL)
    parser.add_argument(
        "--only", default="", help="part of a name; other rows are kept as they are"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "calibration.json")
    options = parser.parse_args()
    rows = []
    for row in measure(options.studies, only=options.only):
        rows.append(row)
        low, high = row["promised"]
        print(
            f"{row['scenario']}: {row['rate']:.2%} of {row['studies']:,} studies "
            f"(promised: {low:.1%} to {high:.1%}): {'kept' if row['kept'] else 'BROKEN'}",
            flush=True,
        )
    if options.only and options.out.exists():
        new = {row["scenario"]: row for row in rows}
        old = json.loads(options.out.read_text())["scenarios"]
        kept = {row["scenario"]: row for row in old} | new
        rows = [kept[item.name] for item in SCENARIOS if item.name in kept]
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": _command(options),
        "scenarios": rows,
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    raise SystemExit(0 if all(row["kept"] for row in rows) else 1)


if __name__ == "__main__":
    main()
