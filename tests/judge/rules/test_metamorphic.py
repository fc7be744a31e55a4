"""What must not change a verdict word, and what must mirror it: over random studies with collapses.

Each study has two factors, four variants, and claims of all kinds and estimands. A change whose effect
on the words is known (names, order of seeds, units, sides ...) is made, and all words are compared.
"""

from dataclasses import replace

import numpy as np
import pytest

from paribus.records import Claim, Plan, SelectRule, StoredTrial, Variant
from tests.judge.judging import judged

LEVELS = {"a": ("x", "y"), "b": ("one", "two")}
MIRRORED = {
    "supported": "refuted",
    "refuted": "supported",
    "supported but negligible": "practically equal",
}
STUDIES = 60
CLASSES = 10
WORDS = {
    "supported",
    "supported where both learn",
    "supported where both learn, but collapses more often",
    "supported in most seeds",
    "refuted",
    "supported but negligible",
    "practically equal",
    "undecided",
    "not judged yet",
    "not assessable",
}
"""Words that the studies below must reach, so that no comparison is about undecided claims alone."""


def claim(name, left="y", operator=">", right="x", **more):
    values = {"factor": "a", "metric": "val_accuracy", "margin": 0.01, **more}
    return Claim(name, "", left=left, operator=operator, right=right, **values)


CLAIMS = (
    claim("learned"),
    claim("at one", within={"b": "one"}),
    claim("mean", of="mean"),
    claim("wins", of="wins", within={"b": "one"}),
    claim("fails", of="collapse", operator="<", within={"b": "one"}),
    claim("equal", operator="="),
    claim("equal mean", operator="=", of="mean"),
    claim("half", right="", kind="threshold", threshold=0.8),
    claim("depends", operator="depends", kind="interaction", other="b"),
    claim("rises", left="b", right="", kind="trend", factor="b", levels=LEVELS["b"]),
    claim("loss", operator="<", metric="val_loss", margin=0.02),
)


def plan(seeds, claims=CLAIMS):
    variants = tuple(
        Variant(f"{a}/{b}", {"a": a, "b": b}, {}, {}, {"epochs": 1})
        for a in "xy"
        for b in LEVELS["b"]
    )
    return Plan("s", "", "x/one", LEVELS, variants, tuple(range(seeds)), claims, SelectRule())


def outcomes(number):
    """Accuracies ``(variant, seed)`` of a random study; NaN is a failed trial, 0.1 a guessing network."""
    draws = np.random.default_rng([7, number])
    seeds = int(draws.choice([3, 5, 6, 8, 12, 20]))
    gains = draws.choice([0.0, 0.0, 0.002, 0.01, 0.03, 0.1], 4) * draws.choice([-1, 1], 4)
    spread = draws.choice([0.0005, 0.003, 0.01])
    values = (
        0.8 + gains[:, None] + draws.normal(0, 0.005, seeds) + draws.normal(0, spread, (4, seeds))
    )
    rate = draws.choice([0.0, 0.0, 0.1, 0.4], 4)[:, None]
    lost = draws.random((4, seeds)) < rate
    values[lost] = np.where(draws.random(lost.sum()) < 0.5, np.nan, 0.1)
    return np.round(values, 4)


def trials(own, values, loss=lambda v: 1 - v):
    found = []
    for variant, row in zip(own.variants, values, strict=True):
        for seed, value in zip(own.seeds, row, strict=False):
            failed = np.isnan(value)
            metrics = {} if failed else {
                "accuracy": float(value), "loss": float(loss(value)),
                "val_accuracy": float(value), "val_loss": float(loss(value)),
            }  # fmt: skip
            found.append(
                StoredTrial(
                    f"{variant.name}{seed}", variant.name, variant.levels, seed, "train",
                    "failed" if failed else "done", 1, 1, 1.0, metrics,
                )
            )  # fmt: skip
    return [replace(t, observed=replace(t.observed, train_examples=4_000, class_counts={"train": (400,) * CLASSES})) for t in found]  # fmt: skip


def words(claims, values, *, own=None, found=None, **more):
    own = own or plan(values.shape[1], claims)
    return [row.word for row in judged(claims, own, found or trials(own, values), **more)]


@pytest.fixture(scope="module")
def studies():
    return [outcomes(number) for number in range(STUDIES)]


def test_the_studies_reach_every_word(studies):
    found = {word for values in studies for word in words(CLAIMS, values)}
    half = plan(6)
    found |= set(words(CLAIMS, studies[0], own=half, found=trials(half, np.full((4, 3), 0.5))))
    assert WORDS - {"not assessable"} <= found | {"not assessable"}, WORDS - found


def test_the_order_of_trials_claims_and_seeds_changes_no_word(studies):
    draws = np.random.default_rng(1)
    for values in studies:
        expected = words(CLAIMS, values)
        own = plan(values.shape[1])
        shuffled = [trials(own, values)[k] for k in draws.permutation(4 * values.shape[1])]
        assert words(CLAIMS, values, found=shuffled) == expected
        assert words(CLAIMS, values[:, draws.permutation(values.shape[1])]) == expected
        order = draws.permutation(len(CLAIMS))
        again = words(tuple(CLAIMS[k] for k in order), values)
        assert again == [expected[k] for k in order]


def test_names_change_no_word(studies):
    renamed = {"x": "left", "y": "right"}
    for values in studies[::3]:
        own = plan(values.shape[1])
        claims = tuple(
            replace(
                item,
                left=renamed.get(item.left, item.left),
                right=renamed.get(item.right, item.right),
            )
            for item in CLAIMS
        )
        other = replace(
            own,
            factors={"a": ("left", "right"), "b": LEVELS["b"]},
            claims=claims,
            variants=tuple(
                replace(v, name=f"{renamed[v.levels['a']]}/{v.levels['b']}", levels={**v.levels, "a": renamed[v.levels["a"]]})
                for v in own.variants
            ),
            baseline="left/one",
        )  # fmt: skip
        found = [
            word.replace("but left", "but x").replace("but right", "but y")
            for word in words(claims, values, own=other)
        ]
        assert found == words(CLAIMS, values)


def test_saying_it_the_other_way_round_changes_no_word(studies):
    """y > x is x < y, and "y collapses less often than x" is "x collapses more often than y".

    A winner that collapses more often is named unless it is the subject of the sentence.
    """
    turned = {">": "<", "<": ">", "=": "=", "depends": "depends"}
    sides = [k for k, item in enumerate(CLAIMS) if item.kind in ("difference", "interaction")]
    claims = tuple(
        replace(CLAIMS[k], left=CLAIMS[k].right, right=CLAIMS[k].left, operator=turned[CLAIMS[k].operator])
        for k in sides
    )  # fmt: skip
    straight = tuple(CLAIMS[k] for k in sides)
    for values in studies:
        one, two = (
            [word.replace("but x ", "but ").replace("but y ", "but ") for word in words(c, values)]
            for c in (claims, straight)
        )
        assert one == two


def test_the_opposite_claim_has_the_mirrored_verdict(studies):
    turned = {">": "<", "<": ">"}
    for item in CLAIMS:
        if item.operator not in turned:
            continue
        opposite = replace(item, operator=turned[item.operator])
        for values in studies:
            own = plan(values.shape[1], (item,))
            here, there = (judged((c,), own, trials(own, values))[0] for c in (item, opposite))
            if here.not_monotone or there.not_monotone:
                continue
            assert there.verdict == MIRRORED.get(here.verdict, here.verdict) or (
                # The opposite of a negligible difference that is there is one that is not.
                {here.verdict, there.verdict} == {"supported but negligible", "practically equal"}
            ), (item.id, here.verdict, there.verdict)


def test_the_unit_of_a_loss_changes_no_word(studies):
    (loss,) = (item for item in CLAIMS if item.id == "loss")
    for values in studies:
        own = plan(values.shape[1], (loss,))
        expected = words((loss,), values, own=own)
        for unit in (1e-3, 7.0, 1e4):
            other = (replace(loss, margin=loss.margin * unit),)
            found = trials(own, values, lambda v, u=unit: u * (1 - v))
            assert words(other, values, own=own, found=found) == expected


def test_what_all_variants_share_changes_no_word_about_differences(studies):
    """A harder split or a luckier seed moves all networks that learn alike."""
    claims = tuple(item for item in CLAIMS if item.kind != "threshold")
    draws = np.random.default_rng(3)
    for values in studies:
        shift = np.round(draws.normal(0, 0.01, values.shape[1]), 4)
        moved = np.where(values > 0.5, values + shift, values)
        assert words(claims, moved) == words(claims, values)


def test_a_wider_margin_never_finds_a_difference_and_never_loses_an_equality(studies):
    for values in studies:
        seen = {item.id: [] for item in CLAIMS}
        for margin in (0.0, 0.002, 0.01, 0.05, 0.5):
            for item in CLAIMS:
                if item.of in ("learned", "mean") and item.operator != "=":
                    wider = (replace(item, margin=margin),)
                    seen[item.id].append(words(wider, values)[0])
        for found in seen.values():
            small = [
                word.startswith(("practically equal", "supported but negligible")) for word in found
            ]
            assert small == sorted(small), found


def test_a_seed_more_of_a_failed_baseline_changes_nothing_where_both_learn(studies):
    """Seeds in which a side collapsed are not part of the question."""
    item = claim("learned", within={"b": "one"})
    for values in studies:
        n = values.shape[1]
        failed = np.full((4, 1), 0.8)
        failed[0] = np.nan
        more = np.hstack([values, failed])
        one, two = (
            judged((item,), plan(v.shape[1], (item,)), trials(plan(v.shape[1]), v))[0] for v in (values, more)
        )  # fmt: skip
        assert two.n == one.n
        assert (two.seeds, one.seeds) == (n + 1, n)
        assert two.verdict == one.verdict
        assert np.array_equal([two.estimate, two.p], [one.estimate, one.p], equal_nan=True)


def test_a_claim_that_is_added_late_changes_no_word_of_the_others(studies):
    late = claim("late", within={"b": "two"})
    for values in studies:
        own = plan(values.shape[1])
        expected = words(CLAIMS, values)
        rows = judged((*CLAIMS, late), own, trials(own, values), CLAIMS)
        assert [row.word for row in rows[:-1]] == expected
        assert rows[-1].exploratory
