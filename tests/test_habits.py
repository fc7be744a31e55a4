"""What Keras and PyTorch users write out of habit: one problem, with its line and what it is here."""

import pytest

from paribus.errors import StudyError
from paribus.habits import habit_of_key, habit_of_value
from paribus.nn.layer import ACTIVATIONS
from paribus.nn.registry import LAYERS
from paribus.study.load import _study
from paribus.study.reading import read_text

LINES = {
    "study": "study: small",
    "data": "data: {source: digits, preprocess: [scale]}",
    "model": "model: {layers: [Flatten, {Dense: {name: output, units: 10, activation: softmax}}]}",
    "train": "train: {optimizer: {SGD: {learning_rate: 0.1}}, epochs: 1, batch_size: 50}",
}
OUTPUT = "{Dense: {units: 10, activation: softmax}}"


def of_layers(text):
    return "model", f"model: {{layers: [{text}, Flatten, {OUTPUT}]}}"


def of_train(text):
    return "train", f"train: {{optimizer: SGD, epochs: 1, batch_size: 5, {text}}}"


HABITS = {
    "swish": (*of_layers("{Conv2D: {filters: 2, kernel_size: 3, activation: swish}}"), "'silu'"),
    "ReLU": (*of_layers("{Conv2D: {filters: 2, kernel_size: 3, activation: ReLU}}"), "'relu'"),
    "LeakyReLU": (*of_layers("{Conv2D: {filters: 2, kernel_size: 3, activation: LeakyReLU}}"), "'leaky_relu'"),
    "SAME": (*of_layers("{Conv2D: {filters: 2, kernel_size: 3, padding: SAME}}"), "'same'"),
    "stride": (*of_layers("{Conv2D: {filters: 2, kernel_size: 3, stride: 2}}"), "'strides'"),
    "out_channels": (*of_layers("{Conv2D: {out_channels: 2, kernel_size: 3}}"), "'filters'"),
    "in_channels": (*of_layers("{Conv2D: {in_channels: 1, filters: 2, kernel_size: 3}}"), "follows from"),
    "input_shape": (*of_layers("{Conv2D: {filters: 2, kernel_size: 3, input_shape: [8, 8, 1]}}"), "shapes follow"),
    "dilation": (*of_layers("{Conv2D: {filters: 2, kernel_size: 3, dilation_rate: 2}}"), "Dilation"),
    "Conv2d": (*of_layers("{Conv2d: {filters: 2, kernel_size: 3}}"), "'Conv2D'"),
    "nn.Conv2d": (*of_layers("{nn.Conv2d: {filters: 2, kernel_size: 3}}"), "'Conv2D'"),
    "MaxPool2d": (*of_layers("{MaxPool2d: {pool_size: 2}}"), "'MaxPooling2D'"),
    "AvgPool2d": (*of_layers("AvgPool2d"), "'AveragePooling2D'"),
    "AdaptiveAvgPool2d": (*of_layers("AdaptiveAvgPool2d"), "'GlobalAveragePooling2D'"),
    "BatchNorm2d": (*of_layers("BatchNorm2d"), "'BatchNormalization'"),
    "LayerNorm": (*of_layers("LayerNorm"), "'LayerNormalization'"),
    "Dropout2d": (*of_layers("{Dropout2d: {rate: 0.5}}"), "'SpatialDropout2D'"),
    "p": (*of_layers("{Dropout: {p: 0.5}}"), "'rate'"),
    "Linear": (*of_layers("Flatten, {Linear: {out_features: 5}}"), "'Dense'"),
    "nn.Flatten": (*of_layers("nn.Flatten"), "'Flatten'"),
    "Softmax": ("model", "model: {layers: [Flatten, {Dense: {units: 10}}, Softmax]}", "{activation: NAME}"),
    "nn.ReLU": (*of_layers("nn.ReLU"), "'ReLU'"),
    "out_features": (*of_layers("Flatten, {Dense: {out_features: 5}}"), "'units'"),
    "eps": (*of_layers("{BatchNormalization: {eps: 0.1}}"), "'epsilon'"),
    "xavier": (*of_layers("Flatten, {Dense: {units: 5, kernel_initializer: xavier_uniform}}"), "'glorot_uniform'"),
    "lr": (*of_train("lr: 0.1"), "belongs to the optimizer"),
    "learning_rate": (*of_train("learning_rate: 0.1"), "belongs to the optimizer"),
    "optimizer lr": ("train", "train: {optimizer: {SGD: {lr: 0.1}}, epochs: 1, batch_size: 5}", "'learning_rate'"),
    "decay": ("train", "train: {optimizer: {SGD: {decay: 0.1}}, epochs: 1, batch_size: 5}", "train.schedule"),
    "betas": ("train", "train: {optimizer: {Adam: {betas: [0.9, 0.99]}}, epochs: 1, batch_size: 5}", "beta_1"),
    "adamw": ("train", "train: {optimizer: adamw, epochs: 1, batch_size: 5}", "'AdamW'"),
    "CrossEntropyLoss": (*of_train("loss: CrossEntropyLoss"), "'categorical_crossentropy'"),
    "nn.CrossEntropyLoss": (*of_train("loss: nn.CrossEntropyLoss"), "'categorical_crossentropy'"),
    "SparseCategoricalCrossentropy": (*of_train("loss: SparseCategoricalCrossentropy"), "'sparse_categorical_crossentropy'"),
    "mse": (*of_train("loss: mse"), "'mean_squared_error'"),
    "metrics": (*of_train("metrics: [accuracy]"), "always measured"),
    "validation_split": (*of_train("validation_split: 0.2"), "data.split"),
    "callbacks": (*of_train("callbacks: [EarlyStopping]"), "train.early_stopping"),
    "shuffle": (*of_train("shuffle: true"), "always shuffled"),
    "class_weight": (*of_train("class_weight: balanced"), "Every example counts the same"),
    "num_epochs": ("train", "train: {optimizer: SGD, num_epochs: 1, batch_size: 5}", "'epochs'"),
    "scheduler": (*of_train("scheduler: cosine"), "'schedule'"),
    "StepLR": (*of_train("schedule: StepLR"), "'step'"),
    "rotation": (*of_train("augment: [{rotation: {degrees: 15}}]"), "flip, crop (which shifts images) and cutout"),
    "RandomHorizontalFlip": (*of_train("augment: [RandomHorizontalFlip]"), "'flip'"),
    "ToTensor": ("data", "data: {source: digits, preprocess: [ToTensor]}", "'scale'"),
    "Normalize": ("data", "data: {source: digits, preprocess: [Normalize]}", "'standardize'"),
    "data validation_split": ("data", "data: {source: digits, validation_split: 0.2}", "data.split"),
    "path": ("data", "data: {path: digits}", "'source'"),
    "val_f1": ("claims", 'claims: [{id: a, says: "base > 0.5 on val_f1"}]', "precision and recall"),
    "val_acc": ("claims", 'claims: [{id: a, says: "base > 0.5 on val_acc"}]', "'val_accuracy'"),
    "objective": ("claims", 'claims: [{id: a, says: "base < 0.5 on objective"}]', "loss or val_loss"),
    "select f1": ("select", "select: {by: f1}", "precision and recall"),
    "top-level epochs": ("epochs", "epochs: 3", ""),
    "top-level metrics": ("metrics", "metrics: [accuracy]", "always measured"),
}  # fmt: skip


@pytest.mark.parametrize("name", HABITS)
def test_a_habit_is_one_problem_that_names_the_equivalent(name):
    key, line, cure = HABITS[name]
    lines = {**LINES, key: line}
    with pytest.raises(StudyError) as caught:
        _study(read_text("\n".join(lines.values())), None)
    (problem,) = map(str, caught.value.problems)
    assert problem.startswith(f"study.yaml:{list(lines).index(key) + 1}: {key}")
    assert cure in problem


def test_what_is_right_here_is_never_called_a_habit():
    for options in (LAYERS, ACTIVATIONS):
        for option in options:
            assert habit_of_value(option, options) in (None, f"It is called {option!r} here.")
    assert habit_of_key("no habit", ["a"]) is None
    assert habit_of_value("no habit", ["a"]) is None
    assert habit_of_value(3, ["a"]) is None


def test_claims_are_read_even_where_something_else_is_wrong():
    text = "\n".join(
        [*LINES.values(), "select: {by: val_f1}", 'claims: [{id: a, says: "base > 0.5 on val_f1"}]']
    )
    with pytest.raises(StudyError) as caught:
        _study(read_text(text), None)
    assert [str(problem).split(": ")[:2] for problem in caught.value.problems] == [
        ["study.yaml:5", "select.by"],
        ["study.yaml:6", "claims.0.says"],
    ]
