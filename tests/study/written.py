"""A study file that is good, and ones with a mistake."""

from paribus.study.expand import expand
from paribus.study.reading import read_text

GOOD = """\
study: small
question: What helps?
data: {source: mnist, preprocess: [scale]}
model:
  defaults: keras
  layers:
    - Conv2D: {name: conv, filters: 4, kernel_size: 3, activation: relu}
    - MaxPooling2D: {name: pool, pool_size: 2}
    - Flatten
    - Dense: {name: hidden, units: 8, activation: relu}
    - Dense: {name: output, units: 10, activation: softmax}
train: {optimizer: {SGD: {learning_rate: 0.1}}, epochs: 2, batch_size: 32}
seeds: 5
factors:
  width:
    small: {}
    large: {set: {model.hidden.units: 16}}
  dropout:
    none: {}
    some: {insert: {after: hidden, layers: [{Dropout: {rate: 0.2}}]}}
baseline: {width: small, dropout: none}
claims:
  - {id: wider, says: "large > small on val_accuracy", within: {dropout: none}}
"""


def study_from_text(text):
    from paribus.study.load import _study

    return _study(read_text(text), None)


def plan_of(text):
    return expand(study_from_text(text))
