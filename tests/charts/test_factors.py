"""Pictures of factorial designs: the numbers by hand, the drawings as documents."""

import math
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from scipy import stats

from paribus.charts import ShownStudy, factor_grid, factor_interaction
from paribus.charts.base.cells import cell_points, factor_pairs
from paribus.charts.factor_grid import draw as draw_grid
from paribus.charts.factor_interaction import draw as draw_interaction
from paribus.judge.results import StudyResults
from paribus.records import Plan, SelectRule, StoredTrial, Variant

LEVELS = {"depth": ("one", "two"), "reg": ("none", "l2", "bn"), "width": ("8", "16")}


def study(levels=LEVELS, seeds=4, metric="val_accuracy"):
    cells = [[]]
    for name, own in levels.items():
        cells = [[*cell, (name, level)] for cell in cells for level in own]
    variants = tuple(
        Variant("/".join(v for _, v in cell), dict(cell), {}, {}, {}) for cell in cells
    )
    plan = Plan("s", "q", variants[0].name, levels, variants, tuple(range(seeds)), (), SelectRule())
    draws = np.random.default_rng(0)
    trials = tuple(
        StoredTrial(f"{v.name}{k}", v.name, v.levels, k, "train", "done", 1, 1, 1.0, {metric: draws.uniform(0.6, 0.9)})
        for v in variants
        for k in range(seeds)
    )  # fmt: skip
    return plan, StudyResults("s", True, trials, (), (), (), None, (), ())


def texts(svg):
    return [node.text for node in ET.fromstring(svg).iter() if node.text and node.text.strip()]


def charts(plan, results):
    study = ShownStudy(plan, results)
    return [*factor_grid.charts(study), *factor_interaction.charts(study)]


def test_a_point_is_the_mean_over_seeds_of_the_mean_over_the_rest():
    plan, results = study()
    points = cell_points(plan, results, "val_accuracy", ("reg", "depth"))
    assert [(p.x, p.series) for p in points] == [(r, d) for r in LEVELS["reg"] for d in LEVELS["depth"]]  # fmt: skip
    own = {
        k: [t.metrics["val_accuracy"] for t in results.trials if t.seed == k and t.levels["reg"] == "l2" and t.levels["depth"] == "two"]
        for k in range(4)
    }  # fmt: skip
    seeds = [np.mean(values) for values in own.values()]
    point = next(p for p in points if (p.x, p.series) == ("l2", "two"))
    low, high = stats.t.interval(0.95, 3, np.mean(seeds), stats.sem(seeds))
    assert (point.mean, point.low, point.high, point.n) == pytest.approx(
        (np.mean(seeds), low, high, 4)
    )


def test_pairs_put_the_factor_with_more_levels_first():
    plan, _ = study()
    assert factor_pairs(plan) == [("reg", "depth"), ("depth", "width"), ("reg", "width")]
    assert factor_pairs(study({"reg": ("none", "bn")})[0]) == []
    assert factor_pairs(study({"reg": ("none", "bn"), "same": ("only",)})[0]) == []


def test_the_grid_writes_every_mean_and_the_axes_name_the_factors():
    plan, results = study()
    points = cell_points(plan, results, "val_accuracy", ("reg", "depth"))
    found = texts(draw_grid(points, "val_accuracy", ("reg", "depth")))
    for point in points:
        assert f"{100 * point.mean:.2f} %" in found
        assert f"{100 * point.low:.2f} to {100 * point.high:.2f}, n 4" in found
    assert {"reg", "depth", "none", "l2", "bn", "one", "two"} <= set(found)


def test_the_interaction_plot_has_a_line_per_level_and_names_the_metric():
    plan, results = study(metric="val_loss")
    points = cell_points(plan, results, "val_loss", ("reg", "depth"))
    svg = draw_interaction(points, "val_loss", ("reg", "depth"))
    assert {"validation loss, mean over seeds (n 4)", "reg", "depth", "one", "two"} <= set(
        texts(svg)
    )
    assert svg.count("mark-line") >= 2


def test_one_seed_is_drawn_without_an_interval():
    plan, results = study(seeds=1)
    points = cell_points(plan, results, "val_accuracy", ("reg", "depth"))
    assert all(math.isnan(point.low) for point in points)
    assert "n 1" in texts(draw_grid(points, "val_accuracy", ("reg", "depth")))
    assert len(charts(plan, results)) == 6
    empty = StudyResults("s", False, (), (), (), (), None, (), ())
    assert charts(plan, empty) == []
