"""Keras 3 on TensorFlow: as its tutorials say (student), or tuned in good faith (tuned)."""

from __future__ import annotations

import os
import time
from typing import Any

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import tensorflow as tf
from order import Data, Order, Report, named, read_order

EVALUATION_BATCH = 1000


def layer(name: str, settings: dict[str, Any]) -> keras.layers.Layer:
    """Return the layer; settings are Keras's own names."""
    known = ("filters", "kernel_size", "padding", "activation", "units", "rate", "pool_size")
    arguments = {key: settings[key] for key in known if settings.get(key) is not None}
    for key in ("kernel_size", "pool_size"):
        if key in arguments:
            arguments[key] = tuple(arguments[key])
    if settings.get("kernel_regularizer"):
        arguments["kernel_regularizer"] = keras.regularizers.L2(
            settings["kernel_regularizer"]["l2"]
        )
    if arguments.get("activation") == "softmax":
        arguments["dtype"] = "float32"  # Keras's advice for mixed precision
    return getattr(keras.layers, name)(**arguments)


def model_of(trial: dict[str, Any], shape: tuple[int, ...]) -> keras.Model:
    """Build and compile."""
    keras.utils.set_random_seed(trial["seed"])
    layers = [layer(*named(item)) for item in trial["layers"]]
    model = keras.Sequential([keras.Input(shape), *layers])
    name, constants = named(trial["optimizer"])
    known = ("learning_rate", "momentum", "nesterov", "beta_1", "beta_2", "rho", "epsilon")
    optimizer = getattr(keras.optimizers, name)(
        **{key: constants[key] for key in known if key in constants}
    )
    steps = 32 if trial["style"] == "tuned" else 1
    model.compile(
        optimizer,
        "sparse_categorical_crossentropy",
        metrics=["accuracy"],
        steps_per_execution=steps,
    )
    return model


class Watch(keras.callbacks.Callback):
    """Counts steps and epochs' seconds, and scores the training sample after every epoch."""

    def __init__(self, report: Report, data: Data, batch: int) -> None:
        super().__init__()
        self.report, self.data, self.batch = report, data, batch
        self.start = 0.0
        self.testing = False

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:
        """Start the clock."""
        self.start = time.perf_counter()

    def on_test_begin(self, logs: object = None) -> None:
        """Stop the clock when the validation begins."""
        if not self.testing:
            self.report.epoch_seconds.append(time.perf_counter() - self.start)

    def on_epoch_end(self, epoch: int, logs: dict[str, float] | None = None) -> None:
        """Score the sample."""
        self.testing = True
        self.model.evaluate(*self.data.sample, batch_size=self.batch, verbose=0)
        self.testing = False
        self.report.val_accuracy = float((logs or {})["val_accuracy"])


def run(trial: dict[str, Any], data: Data) -> Report:
    """Train and score one trial."""
    model = model_of(trial, data.train[0].shape[1:])
    size, epochs = trial["batch_size"], trial["epochs"]
    scoring = EVALUATION_BATCH if trial["style"] == "tuned" else size
    report = Report(trial["variant"], trial["seed"], model.count_params())
    model.fit(
        *data.train,
        batch_size=size,
        epochs=epochs,
        validation_data=data.validation,
        validation_batch_size=scoring,
        verbose=0,
        callbacks=[Watch(report, data, scoring)],
    )
    model.evaluate(*data.train, batch_size=scoring, verbose=0)
    model.evaluate(*data.validation, batch_size=scoring, verbose=0)
    report.steps = int(model.optimizer.iterations.numpy())
    report.trained = epochs * len(data.train[0])
    held_out = len(data.validation[0])
    report.evaluated = (epochs + 1) * held_out + epochs * len(data.sample[0]) + len(data.train[0])
    keras.backend.clear_session()
    return report


def main(order: Order) -> None:
    """Run all trials one after another in this process."""
    if order.threads:
        tf.config.threading.set_intra_op_parallelism_threads(order.threads)
        tf.config.threading.set_inter_op_parallelism_threads(order.threads)
    if order.precision == "bf16":
        keras.mixed_precision.set_global_policy("mixed_bfloat16")
    data = order.arrays()
    order.write([run({**trial, "style": order.style}, data) for trial in order.trials])


main(read_order())
