"""Run the labs' studies, and keep what they found as small JSON.

    make labs                          # everything, as it is published in docs/replications.md: hours
    make labs-quick                    # every study and variant, on few images: minutes in all
    python -m studies --only lab-a-regularisation
    python -m studies --only lab-b-architectures --set train.precision=fp32    # a processor without bf16

A study that was interrupted goes on where it stopped; one that is finished is not trained again.
"""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import paribus
from benchmarks.measuring.machine import describe_self
from paribus.api.results.record import Results
from paribus.api.run.running import RunOptions
from paribus.errors import ParibusError
from paribus.records import StoredTrial
from paribus.writing.claims import format_claim, seed_sentences
from studies.few import few_images

ROOT = Path(__file__).parent
RESULTS = ROOT / "results"
QUICK = ("train.precision=fp32", "train.epochs=2", "train.last_batch=keep", "data.train_size=200")
"""Two epochs, so that there are curves; fp32, since processors without bf16 are slow at it; last batches are
kept, since some batches are larger than there are images."""
QUICK_BY_STUDY = {
    "lab-e-training-size": (
        *("train.epochs=1", "train.batch_size=5"),  # its 500 steps an epoch cost a tenth
        "data.train_size=1050",  # more than its 1,000
    ),
}
QUICK_SEEDS = 1


def study_files() -> list[Path]:
    """Return all studies of the labs, in order."""
    return [*sorted(ROOT.glob("lab-*.yaml")), *sorted(ROOT.glob("mistakes-*.yaml"))]


def quick_settings(name: str) -> tuple[str, ...]:
    """Return what makes a study quick."""
    return QUICK_BY_STUDY.get(name, QUICK)


def run_lab(path: Path, out: Path, options: RunOptions, *, quick: bool) -> Results:
    """Run one study, or a small version of it."""
    study = paribus.load(path)
    if not quick:
        return study.run(out / path.stem, options=options)
    options = RunOptions(seeds=QUICK_SEEDS, overrides=quick_settings(path.stem))
    with few_images(study.loaded.file.data["source"], out / "data"):
        return study.run(out / path.stem, options=options)


def ended(results: Results) -> bool:
    """Return whether every trial has ended, well or not: studies of mistakes fail on purpose."""
    plan = results.manifest.plan
    found = {
        (trial.variant, trial.seed)
        for trial in results.summary.trials
        if trial.status in ("done", "failed") and trial.fit_on == "train"
    }
    return found >= {(variant.name, seed) for variant in plan.variants for seed in plan.seeds}


def summary_of(results: Results, arguments: Sequence[str] = ()) -> dict[str, Any]:
    """Return what `docs/replications.md` shows of a run, and the numbers of every trial.

    Args:
        results: of a finished run.
        arguments: of the command, where they changed what the study file asks for.
    """
    found = results.to_json()
    plan = results.manifest.plan
    trials = [trial for trial in results.summary.trials if trial.fit_on == "train"]
    return {
        "study": plan.study,
        "question": plan.question,
        "date": datetime.now(UTC).date().isoformat(),
        "machine": describe_self(),
        "devices": sorted({trial.environment.get("device", "cpu") for trial in trials}),
        "arguments": list(arguments),
        "seeds": len(plan.seeds),
        "trials": len(trials),
        "training_seconds": sum(trial.wall_seconds for trial in trials),
        "complete": ended(results),
        **{
            key: found[key] for key in ("variants", "published", "selected", "findings", "overview")
        },
        "claims": [
            {**claim, "shown": format_claim(row), "sentences": list(seed_sentences(row))}
            for claim, row in zip(found["claims"], results.summary.claims, strict=True)
        ],
        "values": [_values(trial) for trial in trials],
    }


def _values(trial: StoredTrial) -> dict[str, Any]:
    """Return what claims are judged by: enough to judge the study again without training it."""
    counts = trial.observed.class_counts
    return {
        "variant": trial.variant,
        "seed": trial.seed,
        "status": trial.status,
        "metrics": dict(trial.metrics),
        "train_examples": trial.observed.train_examples,
        "largest_class": max(counts["train"]) if counts.get("train") else None,
    }


def positive(text: str) -> int:
    """Return a whole number of one or more.

    Raises:
        argparse.ArgumentTypeError: it is none.
    """
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of 1 or more, got {text!r}")
    return int(text)


def command_line() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    names = [path.stem for path in study_files()]
    parser = argparse.ArgumentParser(prog="python -m studies", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few images, few epochs, one seed")
    parser.add_argument("--only", choices=names, action="append", default=[])
    parser.add_argument("--out", type=Path, default=Path("results/labs"))
    parser.add_argument(
        "--set", dest="settings", metavar="KEY=VALUE", action="append", default=[],
        help="run with another value than the study file's; the result says so",
    )  # fmt: skip
    parser.add_argument("--seeds", type=positive, help="other seeds than the study asks for")
    parser.add_argument("--jobs", type=positive, help="worker processes; one per core by default")
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu", help="cpu by default")
    parser.add_argument("--group-size", type=positive, help="trials trained as one program")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is asked for; return the exit code."""
    parser = command_line()
    options = parser.parse_args(arguments)
    own = (options.settings, options.seeds, options.jobs, options.group_size)
    if options.quick and (any(own) or options.device != "cpu"):
        parser.error("--quick has settings of its own: give it --only and --out alone")
    try:
        return run_labs(options)
    except ParibusError as error:
        print(error, file=sys.stderr)
        return 2


def run_labs(options: argparse.Namespace) -> int:
    """Run the studies that were chosen; return 1 if one of them is not complete."""
    how = RunOptions(
        jobs=options.jobs,
        device=options.device,
        group_size=options.group_size,
        seeds=options.seeds,
        overrides=options.settings,
    )
    out = options.out / "quick" if options.quick else options.out
    changed = [f"--set {shlex.quote(setting)}" for setting in options.settings]
    changed += [f"--seeds {options.seeds}"] if options.seeds else []
    changed += [f"--device {options.device}"] if options.device != "cpu" else []
    changed += [f"--group-size {options.group_size}"] if options.group_size else []
    incomplete = []
    for path in study_files():
        if options.only and path.stem not in options.only:
            continue
        results = run_lab(path, out, how, quick=options.quick)
        if not ended(results):
            incomplete.append(path.stem)
        if not options.quick:
            RESULTS.mkdir(exist_ok=True)
            text = json.dumps(summary_of(results, changed), indent=1, ensure_ascii=False)
            (RESULTS / f"{path.stem}.json").write_text(text + "\n", encoding="utf-8")
        print(f"{path.stem}: {len(results.summary.trials)} trials, {out / path.stem}", flush=True)
    if incomplete:
        print(f"not complete: {', '.join(incomplete)}", file=sys.stderr)
    return 1 if incomplete else 0


if __name__ == "__main__":
    raise SystemExit(main())
