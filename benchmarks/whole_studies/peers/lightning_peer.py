"""PyTorch Lightning without logger, progress bar, checkpoints and sanity steps."""

from __future__ import annotations

import logging
import tempfile
import time
import warnings
from typing import Any

import lightning
import torch
from order import Data, Order, Report, read_order
from torch import Tensor
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset
from torch_model import count_of, network_of, optimizer_of, penalty_of


class Module(lightning.LightningModule):
    """The study's network."""

    def __init__(self, trial: dict[str, Any], report: Report, shape: tuple[int, ...]) -> None:
        super().__init__()
        self.trial, self.report = trial, report
        self.network = network_of(trial, shape)
        report.parameters = count_of(self.network)
        self.correct = self.total = 0
        self.start = 0.0

    def training_step(self, batch: tuple[Tensor, Tensor], _index: int) -> Tensor:
        """Loss of a batch."""
        images, labels = batch
        self.report.steps += 1
        self.report.trained += len(labels)
        return F.cross_entropy(self.network(images), labels) + penalty_of(self.trial, self.network)

    def on_train_epoch_start(self) -> None:
        """Start the clock."""
        self.start = time.perf_counter()

    def on_validation_start(self) -> None:
        """Stop the clock when an epoch's validation begins."""
        if self.trainer.state.fn == "fit":
            self.report.epoch_seconds.append(time.perf_counter() - self.start)

    def validation_step(
        self, batch: tuple[Tensor, Tensor], _index: int, dataloader_idx: int = 0
    ) -> None:
        """Score a batch; the last loader is the validation set."""
        images, labels = batch
        raw = self.network(images)
        F.cross_entropy(raw, labels)
        self.report.evaluated += len(labels)
        if dataloader_idx == 1:
            self.correct += int((raw.argmax(1) == labels).sum())
            self.total += len(labels)

    def on_validation_epoch_end(self) -> None:
        """Keep the accuracy."""
        self.report.val_accuracy = self.correct / max(self.total, 1)
        self.correct = self.total = 0

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Return the optimizer."""
        return optimizer_of(self.trial, self.network)


def loader(arrays: tuple[Any, Any], size: int, *, shuffle: bool = False) -> DataLoader[Any]:
    """A DataLoader in its defaults."""
    images = torch.from_numpy(arrays[0]).permute(0, 3, 1, 2).contiguous()
    data = TensorDataset(images, torch.from_numpy(arrays[1]))
    return DataLoader(data, batch_size=size, shuffle=shuffle)


def run(trial: dict[str, Any], data: Data, folder: str) -> Report:
    """Train and score one trial."""
    report = Report(trial["variant"], trial["seed"], 0)
    module = Module(trial, report, data.train[0].shape[1:])
    size = trial["batch_size"]
    trainer = lightning.Trainer(
        max_epochs=trial["epochs"],
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
        default_root_dir=folder,
    )
    held_out = loader(data.validation, size)
    trainer.fit(
        module, loader(data.train, size, shuffle=True), [loader(data.sample, size), held_out]
    )
    trainer.validate(module, [loader(data.train, size), held_out], verbose=False)
    return report


def main(order: Order) -> None:
    """Run all trials one after another in this process."""
    warnings.filterwarnings("ignore")
    logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)
    data = order.arrays()
    with tempfile.TemporaryDirectory() as folder:
        order.write([run(trial, data, folder) for trial in order.trials])


main(read_order())
