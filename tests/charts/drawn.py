"""A made-up study that charts are drawn of, and drawings read back."""

import math
from xml.etree import ElementTree as ET

import numpy as np

from paribus.judge.claims.claim_row import ClaimRow
from paribus.judge.results import StudyResults, VariantSummary
from paribus.judge.statistics.effects import Interval
from paribus.observed import Observed
from paribus.records import Claim, Plan, Predictions, SelectRule, StoredTrial, Variant

HOSTILE = "<script>alert(1)</script>"


def texts(svg):
    return [node.text for node in ET.fromstring(svg).iter() if node.text and node.text.strip()]


def predictions(seeds=3, images=200, classes=4):
    draws = np.random.default_rng(0)
    labels = draws.integers(0, classes, images)
    found = []
    for _ in range(seeds):
        scores = draws.normal(0, 1, (images, classes))
        scores[np.arange(images), labels] += 1.5
        probabilities = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
        found.append(
            Predictions("validation", np.arange(images), labels, probabilities.astype(np.float32))
        )
    return found


def plan_and_results():
    levels = {"images": ("100", "200"), "way": ("a", HOSTILE)}
    variants = tuple(
        Variant(f"{n}/{w}", {"images": n, "way": w}, {}, {}, {})
        for n in levels["images"]
        for w in levels["way"]
    )
    plan = Plan("s", "q", variants[0].name, levels, variants, (0, 1, 2), (), SelectRule())
    trials = tuple(
        StoredTrial(
            f"{v.name}{k}", v.name, v.levels, k, "train", "done", 1, 1, 2.0 + i,
            {"val_accuracy": 0.5 + 0.1 * i + 0.01 * k}, observed=Observed(train_examples=int(v.levels["images"])),
        )
        for i, v in enumerate(variants)
        for k in range(3)
    )  # fmt: skip
    rows = tuple(
        VariantSummary(
            v.name, v.levels, 3, 0, {"val_accuracy": Interval(0.51 + 0.1 * i, 0.5, 0.7, 0.01, 3)}
        )
        for i, v in enumerate(variants)
    )
    claim = Claim(
        "c",
        f"{HOSTILE} > b on val_accuracy",
        "f",
        "a",
        ">",
        "b",
        "val_accuracy",
        margin=0.01,
        published="0.9 > 0.8",
    )
    claims = (
        ClaimRow(claim, "supported", 0.03, 0.02, 0.04, 5, ""),
        ClaimRow(claim, "undecided", math.nan, math.nan, math.nan, 0, ""),
    )
    return plan, StudyResults("s", True, trials, rows, (), claims, None, (), ())
