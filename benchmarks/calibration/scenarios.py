"""What is simulated, which event counts as an error, and how often it may happen."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.calibration.simulating import (
    Truth,
    difference,
    judged,
    levels_plan,
    simulated,
    simulated_images,
    two_by_two,
)
from paribus.judge.claims.claim_row import ClaimRow
from paribus.records import Claim, Plan, StoredTrial

__all__ = ["MARGIN", "SCENARIOS", "Scenario", "happened"]

MARGIN = 0.01
MOST = 0.055
"""5 %, and what 10,000 simulated studies can be off by."""
LOOKS = (5, 10, 15, 20)
DECIDED = ("supported", "supported but negligible", "refuted")
SMALL = ("supported but negligible", "practically equal")

Rows = Sequence[ClaimRow]
Event = Callable[[Rows], bool]
Judge = Callable[[Plan, Truth, np.random.Generator], Rows]


@dataclass(frozen=True)
class Scenario:
    """Studies of one kind, and the rate that is promised for an event."""

    name: str
    plan: Plan
    truth: Truth
    event: Event
    judge: Judge
    low: float = 0.0
    high: float = MOST
    promised: bool = True
    """False for a rate that is shown because it is not promised."""


def decided(rows: Rows) -> bool:
    """Return whether a claim of no effect was called supported or refuted."""
    return any(row.verdict in DECIDED and not row.exploratory for row in rows)


def called_small(rows: Rows) -> bool:
    """Return whether a difference of the margin was called equal or negligible."""
    return any(
        row.verdict in SMALL or (row.claim.operator == "=" and row.verdict == "supported")
        for row in rows
    )


def _once(plan: Plan, truth: Truth, draws: np.random.Generator) -> Rows:
    return judged(plan, simulated(plan, truth, draws))


def _peeking(plan: Plan, truth: Truth, draws: np.random.Generator) -> Rows:
    """Judge a study after every seed from the fifth on; return the first rows with a decision."""
    trials = simulated(plan, truth, draws)
    rows: Rows = ()
    for last in range(5, len(plan.seeds) + 1):
        rows = judged(plan, [trial for trial in trials if trial.seed < last])
        if decided(rows):
            return rows
    return rows


def _extending(plan: Plan, truth: Truth, draws: np.random.Generator) -> Rows:
    """Judge a study, and add five seeds as long as it is undecided, three times at most."""
    most = replace(plan, seeds=tuple(range(len(plan.seeds) + 15)))
    trials = simulated(most, truth, draws)
    rows = judged(plan, _until(trials, len(plan.seeds)))
    for more in (5, 10, 15):
        if any(row.verdict in DECIDED for row in rows):
            return rows
        longer = replace(plan, seeds=tuple(range(len(plan.seeds) + more)))
        rows = judged(longer, _until(trials, len(longer.seeds)), extended=True)
    return rows


def _until(trials: Sequence[StoredTrial], seeds: int) -> list[StoredTrial]:
    return [trial for trial in trials if trial.seed < seeds]


def _with_images(plan: Plan, truth: Truth, draws: np.random.Generator) -> Rows:
    return simulated_images(plan, truth.gains.get("bn", 0.0), 400, draws)


DIRECTED = (
    difference("main", "bn", ">", "none"),
    difference("depth", "one", ">", "two", factor="depth"),
    difference("within", "bn", "<", "none", within={"depth": "two"}),
    difference("interaction", "bn", "depends", "none", other="depth", kind="interaction"),
    difference("threshold", "bn", ">", "0.8", threshold=0.8, kind="threshold"),
)
"""Five claims of every kind. A threshold at the truth and no common part keep all of them null."""
PAIR = difference("pair", "bn", ">", "none")
SOURCE = difference("source", "bn", ">", "none", scope="data-source")


def _many(count: int, operator: str, **more: object) -> tuple[tuple[str, ...], tuple[Claim, ...]]:
    """Return levels and claims that compare ``count`` of them with the first one."""
    levels = ("none", *(f"v{k}" for k in range(count)))
    claims = tuple(difference(level, level, operator, "none", **more) for level in levels[1:])
    return levels, claims


def _families() -> Iterator[Scenario]:
    for count in (1, 5, 30):
        levels, claims = _many(count, ">")
        many = f"{count} claim{'s' * (count > 1)}"
        plan = levels_plan(levels, claims)
        yield Scenario(f"any wrong decision, {many}, no effect", plan, Truth({}), decided, _once)
        plan = levels_plan(levels, claims, LOOKS)
        yield Scenario(f"any wrong decision, {many}, four looks", plan, Truth({}), decided, _once)
        at_margin = Truth(dict.fromkeys(levels[1:], MARGIN))
        for operator, word in (("=", "equal"), (">", "small")):
            levels, claims = _many(count, operator)
            plan = levels_plan(levels, claims)
            name = f"any difference of the margin called {word}, {many}"
            yield Scenario(name, plan, at_margin, called_small, _once)
    levels, claims = _many(5, "=")
    plan = levels_plan(levels, claims, LOOKS)
    name = "any difference of the margin called equal, 5 claims, four looks"
    yield Scenario(name, plan, at_margin_of(levels), called_small, _once)


def at_margin_of(levels: Sequence[str]) -> Truth:
    """Return a truth in which every level but the first exceeds it by the margin."""
    return Truth(dict.fromkeys(levels[1:], MARGIN))


def _mixed() -> Iterator[Scenario]:
    """Yield the worst mix: four clear differences of the margin, whose error Holm passes on, and a null."""
    levels, claims = _many(5, ">")
    plan = levels_plan(levels, claims, seeds=40)
    truth = Truth(dict.fromkeys(levels[1:5], MARGIN))
    name = "any wrong word, four differences of the margin and none, 40 seeds"
    yield Scenario(name, plan, truth, _wrong_in_the_mix, _once, promised=False)


def _wrong_in_the_mix(rows: Rows) -> bool:
    return called_small(rows[:4]) or decided(rows[4:])


NULL = Truth({})
BOTH = (("none", 0.1), ("bn", 0.1))
ONE = (("bn", 0.3),)


def _estimands() -> Iterator[Scenario]:
    """Yield claims of no effect for every estimand, where networks collapse and where noise is skewed."""
    kinds = {
        "no collapse": NULL,
        "collapse in both arms": replace(NULL, collapse=BOTH),
        "collapse in one arm": replace(NULL, collapse=ONE),
        "skewed noise in both arms": replace(NULL, noise="skewed"),
        "heavy tails": replace(NULL, noise="heavy tails"),
    }
    for of in ("learned", "mean", "wins", "collapse"):
        for kind, truth in kinds.items():
            if kind == "collapse in one arm" and of != "learned":
                continue  # there, one arm is worse in these respects
            claim = replace(PAIR, of=of, metric="collapse" if of == "collapse" else PAIR.metric)
            plan = levels_plan(("none", "bn"), (claim,))
            yield Scenario(f"wrong decision, of: {of}, {kind}", plan, truth, decided, _once)
    claim = replace(PAIR, of="learned")
    lopsided = replace(NULL, noise="skewed", noisy="bn")
    plan = levels_plan(("none", "bn"), (claim,))
    name = "wrong decision, of: learned, skewed noise in one arm"
    yield Scenario(name, plan, lopsided, decided, _once, promised=False)


def _often_collapsing() -> Iterator[Scenario]:
    """Yield claims about seeds where half of all networks collapse: exact tests can decide there."""
    often = replace(NULL, collapse=(("none", 0.5), ("bn", 0.5)))
    for of in ("collapse", "wins"):
        claim = replace(PAIR, of=of, metric="collapse" if of == "collapse" else PAIR.metric)
        plan = levels_plan(("none", "bn"), (claim,), seeds=40)
        name = f"wrong decision, of: {of}, half collapse in both arms, 40 seeds"
        yield Scenario(name, plan, often, decided, _once)


def _interactions() -> Iterator[Scenario]:
    """Yield interactions over two and three levels whose largest difference is the margin."""
    for count in (2, 3):
        factors = ("bn", "none")
        levels = tuple(f"d{k}" for k in range(count))
        claim = difference("dep", "bn", "depends", "none", other="depth", kind="interaction")
        plan = _crossed(levels, factors, claim)
        gains = {f"{level}/bn": MARGIN * k / (count - 1) for k, level in enumerate(levels)}
        name = f"an interaction of the margin over {count} levels called small"
        yield Scenario(name, plan, Truth(gains), called_small, _once)


def _crossed(levels: Sequence[str], regs: Sequence[str], claim: Claim) -> Plan:
    plan = two_by_two((claim,))
    variants = tuple(
        replace(plan.variants[0], name=f"{level}/{reg}", levels={"depth": level, "reg": reg})
        for level in levels
        for reg in regs
    )
    factors = {"depth": tuple(levels), "reg": tuple(regs)}
    return replace(plan, variants=variants, factors=factors, baseline=variants[0].name)


def _looking() -> Iterator[Scenario]:
    plan = levels_plan(("none", "bn"), (PAIR,))
    yield Scenario(
        "wrong decision, looked at after every seed from 5 to 10", plan, NULL, decided, _peeking
    )
    yield Scenario(
        "wrong decision that is not exploratory, 5 seeds added up to three times",
        plan,
        NULL,
        decided,
        _extending,
    )


def _kinds() -> Iterator[Scenario]:
    """Yield five claims of every kind, intervals, and images as a sample."""
    plan = two_by_two(DIRECTED)
    yield Scenario("any wrong decision, five kinds of claims", plan, NULL, decided, _once)
    heavy = replace(NULL, noise="heavy tails")
    yield Scenario(
        "any wrong decision, five kinds of claims, heavy tails", plan, heavy, decided, _once
    )
    looks = two_by_two(DIRECTED, LOOKS)
    name = "any wrong decision, five kinds of claims, four looks"
    yield Scenario(name, looks, NULL, decided, _once)
    gains = {f"v{k}": 0.004 * k for k in range(5)}
    levels, claims = _many(5, ">")
    plan = levels_plan(levels, claims)
    missed = _missing(gains)
    yield Scenario("any interval of five without the truth", plan, Truth(gains), missed, _once)
    plan = levels_plan(("none", "bn"), (PAIR,))
    truth = Truth({"bn": 0.004})
    covered = _covering(0.004)
    yield Scenario("interval covers the truth", plan, truth, covered, _once, 0.94, 0.96)
    plan = two_by_two((SOURCE,))
    yield Scenario(
        "interval covers the truth about the source of 400 images",
        plan,
        Truth({"bn": 0.02}),
        _covering(0.02),
        _with_images,
        0.94,
        0.96,
    )
    yield Scenario(
        "wrong decision about the source of 400 images", plan, NULL, decided, _with_images
    )


def _missing(gains: dict[str, float]) -> Event:
    return lambda rows: any(not row.low <= gains[row.claim.id] <= row.high for row in rows)


def _covering(gain: float) -> Event:
    return lambda rows: all(row.plain_low <= gain <= row.plain_high for row in rows)


SCENARIOS = (
    *_kinds(),
    *_families(),
    *_estimands(),
    *_interactions(),
    *_looking(),
    *_often_collapsing(),
    *_mixed(),
)


def happened(scenario: Scenario, draws: np.random.Generator) -> bool:
    """Simulate and judge one study, and return whether the scenario's event happened."""
    return scenario.event(scenario.judge(scenario.plan, scenario.truth, draws))
