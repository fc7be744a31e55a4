"""How large is a report of a thousand trials, and how long does it take to write it and to open it.

    make page

Makes up 25 variants x 40 seeds x 10 epochs with predictions and weights, writes the report, and opens it
in Chromium five times. Nothing is trained. Writes results/page.json.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

import paribus
from benchmarks.measuring.machine import describe_self
from paribus.api.plan.planning import plan_study
from paribus.api.report.gallery import keep_gallery
from paribus.api.report.reporting import report_html
from paribus.api.results.record import Results
from paribus.api.run.manifest import Manifest
from paribus.data.dataset import Dataset
from paribus.data.load import load_dataset
from paribus.data.prepare import FittedPreprocessing
from paribus.data.spec import DataSpec
from paribus.data.splits import split_ids
from paribus.execute.artifacts import trial_folder, write_predictions, write_weights
from paribus.judge.summary import summarise
from paribus.observed import Observed, RanOptimizer
from paribus.records import EpochRecord, Predictions, StoredTrial, Variant

ROOT = Path(__file__).parent
STUDY = ROOT / "studies" / "page.yaml"
MOST_BYTES, MOST_SECONDS = 5_000_000, 2.0
"""What a page of a thousand trials may cost."""
CHROMIUM = ["--no-sandbox", "--disable-gpu", "--disable-quic"]
INTERACTIVE = """async () => {
  await Promise.all([...document.images].map(image => image.decode()));
  await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now();
}"""
"""Milliseconds since the page was asked for, once every image is decoded and two frames are painted."""


@dataclass(frozen=True)
class Loading:
    """Seconds from asking for the page until all of it can be read, scrolled and searched; once per visit."""

    seconds: tuple[float, ...]

    @property
    def middle(self) -> float:
        """The median."""
        return median(self.seconds)


def made_up(folder: Path, seeds: int | None = None) -> Results:
    """Return results that look like a run's, and write the artifacts a report reads.

    Args:
        folder: empty.
        seeds: instead of the study's 40.
    """
    planned = plan_study(paribus.load(STUDY).loaded, seeds=seeds)
    plan = planned.plan
    draws = np.random.default_rng(0)
    trials = [
        _trial(variant, seed, level, draws)
        for variant, level in zip(
            plan.variants, np.linspace(0.86, 0.95, len(plan.variants)), strict=True
        )
        for seed in plan.seeds
    ]
    manifest = Manifest(plan, planned.descriptions, (), {v.name: "made up" for v in plan.variants})
    results = Results(folder, manifest, summarise(plan, trials), STUDY.read_text())
    _write_artifacts(folder, results, draws)
    return results


def _trial(variant: Variant, seed: int, level: float, draws: np.random.Generator) -> StoredTrial:
    """Return a trial whose accuracy rises over ten epochs to about its level."""
    shift = draws.normal(0, 0.008)
    curves = []
    for epoch in range(1, variant.train["epochs"] + 1):
        own = level + shift - 0.5 * np.exp(-epoch / 2) + draws.normal(0, 0.004, 2)
        right = np.clip(own + np.array([0.01, 0]), 0, 1)
        names = ("accuracy", "val_accuracy", "loss", "val_loss")
        values = (*right, *(3 * (1 - right)))
        curves.append(
            EpochRecord(epoch, dict(zip(names, map(float, values), strict=True)), 1.0, 900.0, 0.05)
        )
    observed = Observed(
        optimizer=RanOptimizer("SGD", "keras", {"learning_rate": 0.05}),
        precision="fp32",
        optimizer_steps=280,
        train_examples=898,
    )
    return StoredTrial(
        hashlib.sha256(f"{variant.name}-{seed}".encode()).hexdigest(), variant.name, variant.levels, seed,
        "train", "done", 1, len(curves), float(draws.uniform(3, 5)), curves[-1].metrics, tuple(curves),
        observed=observed, environment={"torch": "none: made up"},
    )  # fmt: skip


def _write_artifacts(folder: Path, results: Results, draws: np.random.Generator) -> None:
    """Write every trial's predictions and weights, and the images that a report shows."""
    plan = results.manifest.plan
    spec = DataSpec.parse(plan.variants[0].data)
    data = load_dataset(spec)
    preprocessing = FittedPreprocessing((), (), data.maximum, "")
    firsts = {}
    for trial in results.summary.trials:
        own = trial_folder(folder, trial.identity)
        own.mkdir(parents=True)
        write_predictions(own, _predictions(data, spec, draws))
        if firsts.setdefault(trial.variant, trial.identity) == trial.identity:
            kernels = draws.normal(0, 0.3, (16, 1, 3, 3)).astype(np.float32)
            write_weights(own, {"conv1/kernel": kernels}, preprocessing)
    chosen = results.summary.selected
    keep_gallery(
        folder, data, spec, firsts[chosen.variant] if chosen else None, list(firsts.values())
    )


def _predictions(data: Dataset, spec: DataSpec, draws: np.random.Generator) -> Predictions:
    ids = split_ids(spec.split, data.labels, data.parts).validation
    scores = draws.normal(0, 1, (len(ids), 10))
    scores[np.arange(len(ids)), data.labels[ids]] += 3
    probabilities = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    return Predictions("validation", ids, data.labels[ids], probabilities.astype(np.float32))


def load(page: Path, browser: Any, visits: int = 5) -> Loading:
    """Open a page several times, each time with nothing cached.

    Args:
        page: the file.
        browser: Playwright's.
        visits: how often.
    """
    seconds = []
    for _ in range(visits):
        tab = browser.new_page(viewport={"width": 1280, "height": 900})
        tab.goto(page.as_uri())
        seconds.append(tab.evaluate(INTERACTIVE) / 1000)
        tab.close()
    return Loading(tuple(seconds))


def measure(folder: Path, browser: Any) -> dict[str, Any]:
    """Write the report of a thousand trials, and open it."""
    results = made_up(folder)
    start, cpu = time.perf_counter(), time.process_time()
    html = report_html(results)
    drawn, cpu = time.perf_counter() - start, time.process_time() - cpu
    page = folder / "report.html"
    page.write_text(html, encoding="utf-8")
    loading = load(page, browser)
    return {
        "trials": len(results.summary.trials),
        "bytes": page.stat().st_size,
        "draw_seconds": round(drawn, 2),
        "draw_cpu_seconds": round(cpu, 2),
        "load_average": os.getloadavg()[0],
        "interactive_seconds": [round(value, 3) for value in loading.seconds],
        "kept": page.stat().st_size < MOST_BYTES and loading.middle < MOST_SECONDS,
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(prog="python -m benchmarks.page", description=__doc__)
    parser.add_argument(
        "--keep", type=Path, help="keep the made-up run and its page in this folder"
    )
    parser.add_argument("--out", type=Path, default=ROOT / "results" / "page.json")
    options = parser.parse_args(arguments)
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with tempfile.TemporaryDirectory() as temporary, sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=CHROMIUM)
        found = measure(options.keep or Path(temporary), browser)
        found["browser"] = f"Chromium {browser.version}"
        browser.close()
    print(
        f"{found['trials']:,} trials: {found['bytes'] / 1e6:.2f} MB, drawn in {found['draw_seconds']:.1f} s, "
        f"to be read after {median(found['interactive_seconds']):.2f} s"
    )
    result = {
        "date": datetime.now(UTC).date().isoformat(),
        "command": " ".join(["python -m benchmarks.page", *sys.argv[1:]]),
        "machine": describe_self(),
        **found,
    }
    options.out.write_text(json.dumps(result, indent=1) + "\n")
    return 0 if found["kept"] else 1


if __name__ == "__main__":
    sys.exit(main())
