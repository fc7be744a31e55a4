"""Clean studies: nothing in them is wrong, so nothing that is said of them may be untrue.

The usual ones learn well. The hard ones are those that people begin with: few images, weak networks,
classes of different sizes, two classes, few seeds. Some findings are true of them, such as "2 of at
least 5 seeds"; `false_alarms` says of every check what makes its statement true, by other means than
the check's: settings are recounted, and what a network knows is asked on images that no part of the
study has seen.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.stats import binomtest

from benchmarks.diagnosis.case import CLEAN, Case, digits, run
from paribus.data.dataset import Dataset, make_dataset
from paribus.judge.results import Finding, StudyResults
from paribus.records import StoredTrial

__all__ = ["HARD", "clean_case", "examine_clean", "examine_hard", "false_alarms", "hard_case"]

_QUICK_NORM = {"BatchNormalization": {"momentum": 0.8}}
CERTAIN = 0.001
"""Level of the exact test by which a network is known to be above chance on unseen images."""


def clean_case(seed: int) -> Case:
    """Draw a study that has no mistake: it learns, on scaled pixels, with five seeds."""
    draw = random.Random(seed)
    case = Case()
    study = case.study
    study["data"]["split"]["seed"] = draw.randint(0, 999)
    study["data"]["preprocess"] = draw.choice(
        (["scale"], ["standardize"], ["scale", "standardize"])
    )
    study["train"]["batch_size"] = draw.choice((20, 32, 50))
    study["train"]["last_batch"] = "drop"
    study["train"]["epochs"] = draw.choice((8, 10))
    study["train"]["optimizer"] = draw.choice((
        {"Adam": {"learning_rate": 0.01}},
        {"SGD": {"learning_rate": 0.05, "momentum": 0.9}},
        {"RMSprop": {"learning_rate": 0.003}},
    ))  # fmt: skip
    layers = study["model"]["layers"]
    layers[0]["Conv2D"]["filters"] = draw.choice((6, 8, 12))
    layers[3]["Dense"]["units"] = draw.choice((16, 24, 32))
    study["factors"] = draw.choice((
        CLEAN["factors"],
        {"norm": {"none": None, "bn": {"insert": {"after": "pool", "layers": [_QUICK_NORM]}}}},
        {"width": {"small": None, "large": {"set": {"model.hidden.units": 40}}}},
        {"l2": {"none": None, "some": {"set": {"model.hidden.kernel_regularizer": {"l2": 0.001}}}}},
    ))  # fmt: skip
    return case


def _drawn(draw: random.Random, case: Case, classes: Sequence[int], counts: Sequence[int]) -> None:
    """Give a case some images of some classes; all others of these classes are kept to ask later."""
    whole = digits()
    places: list[int] = []
    for label, count in zip(classes, counts, strict=True):
        places += draw.sample(np.flatnonzero(whole.labels == label).tolist(), count)
    others = np.setdiff1d(np.flatnonzero(np.isin(whole.labels, classes)), places)
    case.dataset = lambda _: _part(whole, np.sort(places), classes)
    case.unseen = _part(whole, others, classes)


def _part(whole: Dataset, places: Any, classes: Sequence[int]) -> Dataset:
    labels = np.searchsorted(classes, whole.labels[places])
    names = [whole.class_names[k] for k in classes]
    images = np.array(whole.images[places])
    return make_dataset(images, labels, names, where="drawn", maximum=16)


def _vary(draw: random.Random, case: Case) -> None:
    """Odd batch sizes, other optimizers, other splits."""
    study = case.study
    study["data"]["split"] = {
        "train": 0.6,
        "validation": 0.2,
        "test": 0.2,
        "seed": draw.randint(0, 999),
    }
    study["train"]["batch_size"] = draw.choice((7, 8, 13, 32))
    study["train"]["optimizer"] = draw.choice(
        ({"Adam": {"learning_rate": 0.003}}, {"SGD": {"learning_rate": 0.02, "momentum": 0.9}})
    )
    study["model"]["layers"][3]["Dense"]["units"] = draw.choice((8, 16, 24))


def _small(draw: random.Random, case: Case) -> None:
    """3 to 30 images a class, and 2 to 10 classes."""
    _vary(draw, case)
    classes = sorted(draw.sample(range(10), draw.choice((2, 3, 5, 10))))
    each = draw.choice((3, 4, 5, 6, 8, 12, 20, 30))
    _drawn(draw, case, classes, [each] * len(classes))
    case.study["train"]["epochs"] = draw.choice((2, 5, 10))


def _weak(draw: random.Random, case: Case) -> None:
    """Networks that learn little: few epochs, few units, small steps, or much dropout."""
    _vary(draw, case)
    study = case.study
    _drawn(draw, case, range(10), [draw.choice((20, 60, 120))] * 10)
    study["train"]["epochs"] = draw.choice((1, 2, 3))
    kind = draw.choice(("few epochs", "tiny", "small steps", "dropout"))
    if kind == "tiny":
        study["model"]["layers"][0]["Conv2D"]["filters"] = 2
        study["model"]["layers"][3]["Dense"]["units"] = draw.choice((3, 4, 6))
    elif kind == "small steps":
        study["train"]["optimizer"] = {"Adam": {"learning_rate": draw.choice((1e-4, 3e-4))}}
    elif kind == "dropout":
        study["model"]["layers"].insert(4, {"Dropout": {"rate": draw.choice((0.7, 0.9))}})
        study["factors"] = {"width": {"small": None, "large": {"set": {"model.hidden.units": 40}}}}


def _unbalanced(draw: random.Random, case: Case) -> None:
    """One class with two to twenty times the images of the others."""
    _vary(draw, case)
    classes = sorted(draw.sample(range(10), draw.choice((2, 3, 5))))
    few = draw.choice((8, 15))
    large = draw.choice(range(len(classes)))
    many = min(few * draw.choice((2, 4, 8, 20)), 150)
    _drawn(draw, case, classes, [many if k == large else few for k in range(len(classes))])
    case.study["train"]["epochs"] = draw.choice((1, 3, 8))


def _two_classes(draw: random.Random, case: Case) -> None:
    """Two classes, easy and hard pairs, few and many images."""
    _vary(draw, case)
    each = draw.choice((10, 30, 100, 150))
    _drawn(draw, case, sorted(draw.sample(range(10), 2)), [each, each])
    case.study["train"]["epochs"] = draw.choice((1, 4, 8))


def _few_seeds(draw: random.Random, case: Case) -> None:
    """One to three seeds."""
    _vary(draw, case)
    _drawn(draw, case, range(10), [draw.choice((10, 30, 100))] * 10)
    case.study["seeds"] = draw.choice((1, 2, 3))
    case.study["train"]["epochs"] = draw.choice((1, 4, 8))


HARD: dict[str, Callable[[random.Random, Case], None]] = {
    "few images": _small,
    "weak networks": _weak,
    "classes of different sizes": _unbalanced,
    "two classes": _two_classes,
    "few seeds": _few_seeds,
}


def hard_case(seed: int) -> tuple[str, Case]:
    """Draw a clean study of one of the hard kinds, in turn."""
    kind = list(HARD)[seed % len(HARD)]
    case = Case()
    HARD[kind](random.Random(f"hard {seed}"), case)
    return kind, case


def false_alarms(case: Case, results: StudyResults, trials: Sequence[StoredTrial]) -> list[Finding]:
    """Return the warnings and errors of a clean study that are not true of it.

    True is: `few_seeds` of fewer than five; `class_imbalance` where one class was drawn with three
    times the images of another; `batch_norm_memory` where momentum to the power of the steps exceeds
    5 %; `at_chance` of trials without skill on unseen images. All else is untrue.
    """
    judged = [finding for finding in results.findings if finding.severity != "note"]
    return [finding for finding in judged if not _true(case, finding, trials)]


def _true(case: Case, finding: Finding, trials: Sequence[StoredTrial]) -> bool:
    mine = [trial for trial in trials if trial.variant == finding.where]
    if finding.check == "few_seeds":
        return int(case.study["seeds"]) < 5
    if finding.check == "class_imbalance":
        counts = np.bincount(case.dataset(digits()).labels)
        return bool(counts.max() >= 2.5 * counts.min())  # rounded by the split
    if finding.check == "batch_norm_memory":
        return bool(mine) and 0.8 ** min(t.observed.optimizer_steps for t in mine) > 0.05
    if finding.check == "at_chance":
        named = re.findall(r"\(seeds? ([\d, ]+)", finding.evidence)[0]
        seeds = set(map(int, named.split(", ")))
        return not any(
            _knows(case.answers[trial.identity]) for trial in mine if trial.seed in seeds
        )
    return False


def _knows(asked: dict[str, Any]) -> bool:
    """Return whether a network has some skill on images that no part of its study has seen.

    It is above chance there by an exact test, and by an eighth of the way to knowing: the answers of
    an untrained network go by likeness too, and can be a little better or worse than guessing.
    """
    chance = max(asked["counts"]) / sum(asked["counts"])
    found = binomtest(asked["right"], sum(asked["counts"]), chance, alternative="greater")
    share = asked["right"] / sum(asked["counts"])
    return bool(found.pvalue < CERTAIN and share > chance + (1 - chance) / 8)


def examine_clean(seed: int) -> dict[str, Any]:
    """Run a usual clean study, and see whether anything is said: nothing may be."""
    findings = run(clean_case(seed)).findings
    alarms = [f"{item.check}: {item.evidence}" for item in findings if item.severity != "note"]
    return {"seed": seed, "alarms": alarms}


def examine_hard(seed: int) -> dict[str, Any]:
    """Run a hard clean study, and see whether anything untrue is said."""
    kind, case = hard_case(seed)
    trials: list[StoredTrial] = []
    case.trial = lambda trial: trials.append(trial) or trial  # type: ignore[func-returns-value]
    results = run(case)
    untrue = false_alarms(case, results, trials)
    said = [item for item in results.findings if item.severity != "note"]
    return {
        "seed": seed,
        "kind": kind,
        "alarms": [f"{item.check} ({item.where}): {item.evidence}" for item in untrue],
        "true": sorted({item.check for item in said if item not in untrue}),
    }
