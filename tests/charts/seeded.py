"""A made-up study in which every seed has its own values."""

from xml.etree import ElementTree as ET

from paribus.judge.summary import summarise
from paribus.records import EpochRecord, Plan, SelectRule, StoredTrial, Variant
from tests.charts.drawn import HOSTILE

SEEDS = 5


def trial(variant, seed, value, status="done", epochs=3):
    curves = tuple(
        EpochRecord(e, {"loss": value / e, "val_loss": 2 * value / e}, 1, 1, 0.1)
        for e in range(1, epochs + 1)
    )
    metrics = {"val_accuracy": value} if status == "done" else {}
    return StoredTrial(
        f"{variant}{seed}", variant, {"way": variant}, seed, "train", status, 1, epochs, 1.0, metrics, curves,
    )  # fmt: skip


def study(seeds=SEEDS, names=("a", "b", HOSTILE)):
    """Three variants; the last one has lost two trials."""
    variants = tuple(Variant(name, {"way": name}, {}, {}, {}) for name in names)
    plan = Plan("s", "q", names[0], {"way": names}, variants, tuple(range(seeds)), (), SelectRule(test="never"))  # fmt: skip
    trials = [
        trial(name, seed, 0.5 + 0.1 * k + 0.013 * seed * (k + 1), status)
        for k, name in enumerate(names)
        for seed in range(seeds)
        for status in ["failed" if k == 2 and seed < 2 else "done"]
    ]
    return plan, summarise(plan, trials)


def marks(svg, colour):
    """What is drawn in a colour."""
    return [n for n in ET.fromstring(svg).iter() if colour in (n.get("fill"), n.get("stroke"))]
