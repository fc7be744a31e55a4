"""The task that scores a trained trial on the test set. No other module opens the test set."""

from __future__ import annotations

from paribus.data.exported import open_dataset
from paribus.data.prepare import open_test
from paribus.data.spec import DataSpec
from paribus.execute import artifacts
from paribus.execute.events import Tell, Tested
from paribus.execute.task import Task
from paribus.execute.workers.desk import Desk
from paribus.records import Predictions

__all__ = ["run"]


def run(desk: Desk, task: Task, tell: Tell) -> None:
    """Score a trained trial's network on the test set, and write its predictions.

    Args:
        desk: the worker's state, with the folder of artifacts.
        task: task with one trained trial.
        tell: called with `Tested`.

    Raises:
        TrialError: artifacts of the trial are missing or damaged.
        StoreError: predictions cannot be written.
        DataError: the data set cannot be read.
    """
    import torch

    from paribus.engine.device_images import DeviceImages
    from paribus.engine.evaluate import Scorer, evaluate_and_predict
    from paribus.engine.inspection.examine import moments
    from paribus.nn.build import build_network, load_weights
    from paribus.nn.spec import ModelSpec
    from paribus.nn.training import TrainSpec

    (trial,) = task.trials
    folder = desk.folder(trial)
    weights, preprocessing = artifacts.read_weights_file(folder)
    variant = trial.variant
    dataset = open_dataset(task.dataset)
    test = open_test(dataset, DataSpec.parse(variant.data), preprocessing)
    model = ModelSpec.parse(variant.model)
    network = build_network(model, test.images.image_shape)
    load_weights(network, weights)
    network.to(desk.device)
    train = TrainSpec.parse(variant.train, model.defaults)
    scorer = Scorer.of(train, network.final_activation, len(dataset.class_names))
    images = DeviceImages(test.images, torch.device(desk.device))
    labels = torch.from_numpy(test.labels).to(desk.device)
    scores, *found = evaluate_and_predict(network, images, labels, scorer)
    probabilities, logarithms = (tensor.numpy() for tensor in found)
    artifacts.write_predictions(
        folder, Predictions("test", test.ids, test.labels, probabilities, logarithms)
    )
    metrics = {"test_loss": scores.loss, "test_accuracy": scores.accuracy}
    tell(Tested(trial.identity, metrics, moments(test.images, test.preprocessing)))
