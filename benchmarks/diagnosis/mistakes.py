"""Mistakes injected into clean studies, each in several forms, with the check that should name it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from benchmarks.diagnosis.case import Case, Mapping, changed, run
from benchmarks.diagnosis.clean_studies import clean_case
from paribus.data.dataset import Dataset, make_dataset
from paribus.judge.results import StudyResults
from paribus.records import Plan, StoredTrial


def level(edit: Mapping, **more: Any) -> Case:
    """Return a clean case whose second variant is another edit."""
    return changed("factors", {"factor": {"base": None, "other": edit}}, **more)


def sgd(**constants: float) -> Case:
    """Return a case with plain gradient descent, so that no state is carried along."""
    return changed("train.optimizer", {"SGD": {"learning_rate": 0.1, **constants}})


def _carried(kind: str, **changes: Any) -> Case:
    case = sgd(**changes)
    case.carried = kind
    return case


def _planted(pairs: int, *, relabel: bool) -> Callable[[Dataset], Dataset]:
    """Copy images from one half of the ids to the other, so that some cross the split."""

    def plant(data: Dataset) -> Dataset:
        images, labels = np.array(data.images), np.array(data.labels)
        draw = np.random.default_rng(pairs)
        chosen = draw.permutation(len(images))
        for one, other in zip(chosen[:pairs], chosen[pairs : 2 * pairs], strict=True):
            images[other] = images[one]
            labels[other] = (labels[one] + 1) % 10 if relabel else labels[one]
        return make_dataset(images, labels, data.class_names, where="planted", maximum=16)

    return plant


def _mislabelled(share: float) -> Callable[[Dataset], Dataset]:
    """Give a share of all images the label of another class."""

    def mislabel(data: Dataset) -> Dataset:
        labels = np.array(data.labels)
        draw = np.random.default_rng(7)
        chosen = draw.random(len(labels)) < share
        labels[chosen] = (labels[chosen] + draw.integers(1, 10, chosen.sum())) % 10
        return make_dataset(
            np.array(data.images), labels, data.class_names, where="mislabelled", maximum=16
        )

    return mislabel


def _marked(kind: str) -> Callable[[Dataset], Dataset]:
    """Write the class into the images: into one pixel, the whole brightness, or a border."""

    def mark(data: Dataset) -> Dataset:
        images = np.array(data.images)
        shade = (data.labels * 16 // 9).astype(np.uint8)
        if kind == "corner":
            images[:, 0, 0, 0] = shade
        elif kind == "brightness":
            images = np.minimum(images // 4 + shade[:, None, None, None] * 3 // 4, 16).astype(
                np.uint8
            )
        else:
            images[:, 0, :, 0] = images[:, -1, :, 0] = shade[:, None]
        return make_dataset(
            images, np.array(data.labels), data.class_names, where="marked", maximum=16
        )

    return mark


def _deep(activation: str, layers: int, **more: Any) -> Case:
    """Return a case with a deep dense network."""
    hidden = [
        {"Dense": {"name": f"h{k}", "units": 24, "activation": activation, **copy.deepcopy(more)}}
        for k in range(layers)
    ]
    case = level({"set": {"model.h0.units": 30}})
    output = {"Dense": {"name": "output", "units": 10, "activation": "softmax"}}
    case.study["model"]["layers"] = ["Flatten", *hidden, output]
    return case


def _mistaken(mistake: str, step: Mapping, **train: Any) -> Case:
    """Return a case that preprocesses wrongly on purpose."""
    case = changed("data.preprocess", [step])
    case.study["teaching"] = True
    case.study["data"]["mistakes"] = [mistake]
    case.study["train"].update(train)
    return case


def _unsteady(probe: str) -> Case:
    """Return a case whose networks were asked in training mode."""

    def tamper(trial: StoredTrial) -> StoredTrial:
        seen = replace(trial.observed.probe, **{probe: 0.03})
        return replace(trial, observed=replace(trial.observed, probe=seen))

    return Case(trial=tamper)


def _thinned(classes: int, kept: float) -> Callable[[Dataset], Dataset]:
    def thin(data: Dataset) -> Dataset:
        draw = np.random.default_rng(classes)
        keep = (data.labels >= classes) | (draw.random(len(data.labels)) < kept)
        return make_dataset(
            np.array(data.images[keep]),
            data.labels[keep],
            data.class_names,
            where="thinned",
            maximum=16,
        )

    return thin


def _optimizer_ran(name: str = "Adam", **constants: float) -> Case:
    def tamper(trial: StoredTrial) -> StoredTrial:
        ran = trial.observed.optimizer
        seen = replace(ran, name=name, constants={**ran.constants, **constants})
        return replace(trial, observed=replace(trial.observed, optimizer=seen))

    return Case(trial=tamper)


def _mirrored(*kinds: str) -> Case:
    def tamper(trial: StoredTrial) -> StoredTrial:
        def mirror(metrics: Any) -> dict[str, float]:
            return {**metrics, **{f"{k}accuracy": 1 - metrics[f"{k}loss"] for k in kinds}}

        curves = tuple(replace(r, metrics=mirror(r.metrics)) for r in trial.curves)
        return replace(trial, metrics=mirror(trial.metrics), curves=curves)

    return Case(trial=tamper)


def _validated_on_test(names: tuple[str, ...] | None) -> Case:
    def tamper(plan: Plan) -> Plan:
        variants = tuple(
            replace(v, data={**v.data, "split": {"validation": "test"}})
            if names is None or v.name in names
            else v
            for v in plan.variants
        )
        return replace(plan, variants=variants)

    return Case(plan=tamper)


BN = {"insert": {"after": "pool", "layers": ["BatchNormalization"]}}

MISTAKES: dict[str, tuple[str, list[Callable[[], Case]]]] = {
    "weights kept from one experiment to the next": ("warm_start", [
        lambda: _carried("variant"),
        lambda: _carried("seed"),
        lambda: _carried("variant", momentum=0.5),
    ]),
    "1 - loss reported as accuracy": ("counted_accuracy", [
        lambda: _mirrored("val_"),
        lambda: _mirrored(""),
        lambda: _mirrored("", "val_"),
    ]),
    "training that breaks": ("failed_trials", [
        lambda: changed("train.optimizer", {"SGD": {"learning_rate": 1e30}}),
        lambda: level({"set": {"train.optimizer": {"SGD": {"learning_rate": 1e25}}}}),
        lambda: level({"set": {"train.optimizer": {"RMSprop": {"learning_rate": 1e35}}}}),
    ]),
    "test set used as validation set": ("validation_is_test", [
        lambda: _validated_on_test(None),
        lambda: _validated_on_test(("none",)),
        lambda: _validated_on_test(("some",)),
    ]),
    "a finding on a few seeds": ("few_seeds", [
        partial(changed, "seeds", 1),
        partial(changed, "seeds", 2),
        partial(changed, "seeds", 4),
    ]),
    "two things changed at once": ("second_differences", [
        lambda: level({"set": {"train.optimizer": "SGD"}}),
        lambda: level({"set": {"model.hidden.units": 48, "train.epochs": 9}}),
        lambda: level({**BN, "set": {"train.batch_size": 48}}),
    ]),
    "another optimizer than declared": ("declared_optimizer", [
        lambda: _optimizer_ran("SGD"),
        lambda: _optimizer_ran(learning_rate=0.02),
        lambda: _optimizer_ran(beta_1=0.5),
    ]),
    "unscaled pixels": ("unscaled_pixels", [
        partial(changed, "data.preprocess", []),
        partial(changed, "data.preprocess", ["invert"]),
        partial(changed, "data.preprocess", [{"pad": {"pixels": 1}}]),
    ]),
    "images in two splits": ("duplicates", [
        lambda: Case(dataset=_planted(20, relabel=False)),
        lambda: Case(dataset=_planted(60, relabel=False)),
        lambda: Case(dataset=_planted(200, relabel=False)),
    ]),
    "one image, two labels": ("contradictory_labels", [
        lambda: Case(dataset=_planted(3, relabel=True)),
        lambda: Case(dataset=_planted(20, relabel=True)),
        lambda: Case(dataset=_planted(80, relabel=True)),
    ]),
    "classes of very different sizes": ("class_imbalance", [
        lambda: Case(dataset=_thinned(1, 0.2)),
        lambda: Case(dataset=_thinned(3, 0.25)),
        lambda: Case(dataset=_thinned(6, 0.15)),
    ]),
    "nothing learned": ("at_chance", [
        lambda: changed("train.optimizer", {"SGD": {"learning_rate": 1e-9}}),
        lambda: changed("train.optimizer", {"Adam": {"learning_rate": 1e-9}}),
        lambda: level({"set": {"train.optimizer.Adam.learning_rate": 1e-10}}),
    ]),
    "moving statistics with too few steps": ("batch_norm_memory", [
        lambda: level({"insert": {"after": "pool", "layers": [{"BatchNormalization": {"momentum": 0.999}}]}}),
        lambda: level({"insert": {"after": "hidden", "layers": [{"BatchNormalization": {"momentum": 0.995}}]}}),
        lambda: level({"insert": {"after": "pool", "layers": [{"BatchNormalization": {"momentum": 0.9999}}]}}),
    ]),
    "held-out images treated differently": ("treated_differently", [
        lambda: _mistaken("own_statistics", {"standardize": {"over": "all"}}),
        lambda: _mistaken("own_statistics", {"standardize": {"over": "channel"}}),
        lambda: _mistaken("own_statistics", {"standardize": {"over": "pixel"}}),
    ]),
    "division by a zero deviation": ("failed_trials", [
        lambda: _mistaken("unguarded_deviation", {"standardize": {"over": "pixel"}}),
        lambda: _mistaken("unguarded_deviation", {"standardize": {"over": "pixel"}}, batch_size=8),
        lambda: _mistaken("unguarded_deviation", {"standardize": {"over": "pixel"}}, batch_size=128),
    ]),
    "units that no longer respond": ("dead_units", [
        lambda: changed("train.optimizer", {"Adam": {"learning_rate": 0.5}}),
        lambda: level({"set": {"train.optimizer": {"SGD": {"learning_rate": 2.0}}}}),
        lambda: _deep("tanh", 3, kernel_initializer={"random_normal": {"stddev": 3.0}}),
    ]),
    "gradients that vanish or explode": ("vanishing_gradients", [
        lambda: _deep("sigmoid", 6),
        lambda: _deep("sigmoid", 10),
        lambda: _deep("relu", 4, kernel_initializer={"random_normal": {"stddev": 1.0}}),
    ]),
    "wrong labels": ("contradicted_labels", [
        lambda: Case(dataset=_mislabelled(0.05)),
        lambda: Case(dataset=_mislabelled(0.08)),
        lambda: Case(dataset=_mislabelled(0.12)),
    ]),
    "a mark that gives the class away": ("trivial_features", [
        lambda: Case(dataset=_marked("corner")),
        lambda: Case(dataset=_marked("brightness")),
        lambda: Case(dataset=_marked("border")),
    ]),
    "one learning rate for several optimizers": ("shared_learning_rate", [
        lambda: level({"set": {"train.optimizer": {"SGD": {"learning_rate": 0.01}}}}),
        lambda: level({"set": {"train.optimizer": {"Adadelta": {"learning_rate": 0.01}}}}),
        lambda: level({"set": {"train.optimizer": {"Adagrad": {"learning_rate": 0.01}}}}),
    ]),
    "scored in training mode": ("unsteady_evaluation", [
        lambda: _unsteady("twice"),
        lambda: _unsteady("alone"),
        lambda: replace(_unsteady("twice"), study=copy.deepcopy(clean_case(3).study)),
    ]),
    "batches too small to normalise": ("lone_example", [
        lambda: _small_batch(64),
        lambda: _small_batch(128),
        lambda: _small_batch(299),
    ]),
}  # fmt: skip


def _small_batch(batch: int) -> Case:
    """Make the last batch hold one or two examples, behind a dense layer."""
    case = level(
        {"insert": {"after": "hidden", "layers": [{"BatchNormalization": {"momentum": 0.8}}]}}
    )
    case.study["train"]["batch_size"] = batch
    case.study["data"]["train_size"] = {64: 833, 128: 898, 299: 898}[batch]
    return case


def injected(name: str, form: int) -> StudyResults:
    """Return the results of a study with one form of a mistake."""
    _, forms = MISTAKES[name]
    with np.errstate(all="ignore"):
        return run(forms[form]())


def inject(name: str, form: int) -> dict[str, Any]:
    """Inject one form of a mistake, and see what is said."""
    check, _ = MISTAKES[name]
    results = injected(name, form)
    said = [finding.check for finding in results.findings if finding.severity != "note"]
    return {"mistake": name, "form": form, "check": check, "found": check in said, "said": said}
