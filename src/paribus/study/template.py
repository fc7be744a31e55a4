"""The study file with comments that `paribus init` writes."""

from __future__ import annotations

from paribus.data.sources import named_sources
from paribus.data.steps import STEPS
from paribus.nn.training import OPTIMIZERS

__all__ = ["study_template"]

_TEXT = """\
# A study: one question, what varies, and what is claimed before anything runs.
# Check it with `paribus check`, look at it with `paribus plan`, run it with `paribus run`.
study: my-study
question: Does dropout help this network?

data:
  source: digits            # SOURCES, or a path to your own images
  split: {train: 0.6, validation: 0.2, test: 0.2, seed: 0}
  preprocess: [scale]       # STEPS
  # train_size: 500         # train on fewer examples; smaller sets are parts of larger ones

model:
  defaults: keras           # constants that are not written: keras or torch
  layers:
    - Conv2D: {name: conv, filters: 16, kernel_size: 3, activation: relu}
    - MaxPooling2D: {name: pool, pool_size: 2}
    - Flatten
    - Dense: {name: hidden, units: 32, activation: relu}
    - Dense: {name: output, units: 10, activation: softmax}

train:
  optimizer: {Adam: {learning_rate: 0.001}}   # OPTIMIZERS
  loss: categorical_crossentropy
  epochs: 10
  batch_size: 32

seeds: 10                   # below 5 no verdict is given

factors:                    # each level is an edit of the model, the data or the training above
  dropout:
    none: {}
    some: {insert: {after: hidden, layers: [{Dropout: {rate: 0.3}}]}}
    # set:     {set: {train.optimizer.learning_rate: 0.01}}
    # remove:  {remove: [hidden]}
    # replace: {replace: {pool: {AveragePooling2D: {pool_size: 2}}}}

design: factorial           # or one-at-a-time; or listed, with `variants:` instead of `factors:`
baseline: {dropout: none}

select: {by: val_accuracy, refit: none, test: once}

claims:
  - {id: dropout-helps, says: "some > none on val_accuracy", margin: 0.01}
"""


def study_template() -> str:
    """Return a study file with comments that name every source, step and optimizer that there is."""
    names = {"SOURCES": named_sources(), "STEPS": STEPS, "OPTIMIZERS": OPTIMIZERS}
    text = _TEXT
    for word, known in names.items():
        text = text.replace(f"# {word}", f"# {', '.join(known)}")
    return text
