"""Networks made by hand, with known numbers."""

import copy

from paribus.data.load import load_dataset
from paribus.data.prepare import prepare
from paribus.data.spec import DataSpec
from paribus.study.expand import expand
from paribus.study.identity import plan_trials
from paribus.study.load import study_from_mapping

BASE = {
    "study": "s",
    "data": {"source": "digits", "split": {"train": 0.5, "validation": 0.3, "test": 0.2}, "preprocess": ["scale"]},
    "model": {
        "layers": [
            "Flatten",
            {"Dense": {"name": "hidden", "units": 12, "activation": "relu"}},
            {"Dense": {"name": "squashed", "units": 6, "activation": "sigmoid"}},
            {"Dense": {"name": "output", "units": 10, "activation": "softmax"}},
        ]
    },
    "train": {"optimizer": {"SGD": {"learning_rate": 0.1}}, "epochs": 1, "batch_size": 32},
    "seeds": 1,
}  # fmt: skip


def prepared(**train):
    study = copy.deepcopy(BASE)
    study["train"].update(train)
    plan = expand(study_from_mapping(study))
    (trial,) = plan_trials(plan, {plan.variants[0].name: "digits"}, lambda _: 1)
    spec = DataSpec.parse(trial.variant.data)
    return trial, prepare(load_dataset(spec), spec, seed=0)
