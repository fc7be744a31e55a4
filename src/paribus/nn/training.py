"""Specification of training in a study file. Free of torch.

Optimizer constants that are not given come from the profile: Keras 3's or PyTorch's. The formulas
behind the names are in `paribus.nn.optimizers`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator

from paribus.checking import Issue, Path, SettingsError, parse, show, single_choice
from paribus.errors import did_you_mean
from paribus.habits import habit_of_value
from paribus.nn.augmentation import AUGMENTATIONS, Augmentation
from paribus.nn.layer import Profile

__all__ = ["OPTIMIZERS", "SCHEDULES", "EarlyStopping", "Optimizer", "Schedule", "TrainSpec"]

Rate = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, lt=1)]
Size = Annotated[float, Field(ge=0)]
Epochs = Annotated[int, Field(gt=0, le=100_000)]
Count = Annotated[int, Field(gt=0, le=10_000_000)]
"""A number of examples or steps."""


class _Spec(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Optimizer(_Spec):
    """Base class of optimizer specifications. A constant that is None takes the profile's value."""

    constants: ClassVar[dict[str, tuple[Any, Any]]] = {}
    """Name of a field -> its values in the profiles (Keras 3, PyTorch)."""
    learning_rate: Rate | None = None
    weight_decay: Size | None = None

    def resolved(self, profile: Profile) -> Self:
        """Return a copy with every constant of the profile."""
        common = {"weight_decay": (0.0, 0.0), **self.constants}
        column = 0 if profile == "keras" else 1
        missing = {
            field: values[column]
            for field, values in common.items()
            if getattr(self, field) is None
        }
        return self.model_copy(update=missing)


class SGD(Optimizer):
    """Gradient descent with optional momentum."""

    constants: ClassVar = {"learning_rate": (0.01, 0.001)}
    momentum: Share = 0.0
    nesterov: bool = False


class Adam(Optimizer):
    """Source: Kingma & Ba 2015."""

    constants: ClassVar = {"learning_rate": (0.001, 0.001), "epsilon": (1e-7, 1e-8)}
    beta_1: Share = 0.9
    beta_2: Share = 0.999
    epsilon: Size | None = None


class AdamW(Adam):
    """Adam with decoupled weight decay. Source: Loshchilov & Hutter 2019."""

    constants: ClassVar = {**Adam.constants, "weight_decay": (0.004, 0.01)}


class Nadam(Adam):
    """Adam with Nesterov momentum. Source: Dozat 2016."""

    constants: ClassVar = {"learning_rate": (0.001, 0.002), "epsilon": (1e-7, 1e-8)}


class RMSprop(Optimizer):
    """Source: Tieleman & Hinton 2012."""

    constants: ClassVar = {
        "learning_rate": (0.001, 0.01),
        "rho": (0.9, 0.99),
        "epsilon": (1e-7, 1e-8),
    }
    rho: Share | None = None
    momentum: Share = 0.0
    epsilon: Size | None = None
    centered: bool = False


class Adagrad(Optimizer):
    """Source: Duchi et al. 2011."""

    constants: ClassVar = {
        "learning_rate": (0.001, 0.01),
        "initial_accumulator_value": (0.1, 0.0),
        "epsilon": (1e-7, 1e-10),
    }
    initial_accumulator_value: Size | None = None
    epsilon: Size | None = None


class Adadelta(Optimizer):
    """Source: Zeiler 2012. Note Keras's default learning rate of 0.001; papers use 1.0."""

    constants: ClassVar = {
        "learning_rate": (0.001, 1.0),
        "rho": (0.95, 0.9),
        "epsilon": (1e-7, 1e-6),
    }
    rho: Share | None = None
    epsilon: Size | None = None


OPTIMIZERS: dict[str, type[Optimizer]] = {
    item.__name__: item for item in (SGD, Adam, AdamW, Nadam, RMSprop, Adagrad, Adadelta)
}


class Schedule(_Spec):
    """Base class of the learning-rate schedules."""


class Constant(Schedule):
    """The optimizer's learning rate throughout."""


class Step(Schedule):
    """Multiply by ``factor`` after every ``every`` epochs."""

    every: Epochs
    factor: Annotated[float, Field(gt=0, le=1)] = 0.1


class Cosine(Schedule):
    """Half a cosine from the learning rate to ``final`` times it, over all steps."""

    final: Annotated[float, Field(ge=0, le=1)] = 0.0


class OneCycle(Schedule):
    """Cosine up to the learning rate during ``warmup``, then cosine down.

    Starts at rate / ``start_divisor``, ends at that / ``final_divisor``.
    Source: Smith & Topin 2018; torch's ``OneCycleLR`` (two phases, cosine).
    """

    warmup: Annotated[float, Field(gt=0, lt=1)] = 0.3
    start_divisor: Annotated[float, Field(ge=1)] = 25.0
    final_divisor: Annotated[float, Field(ge=1)] = 10_000.0


SCHEDULES: dict[str, type[Schedule]] = {
    "constant": Constant,
    "step": Step,
    "cosine": Cosine,
    "one_cycle": OneCycle,
}


class EarlyStopping(_Spec):
    """Stop when ``monitor`` has not improved by more than ``min_delta`` for ``patience`` epochs."""

    monitor: Literal["val_loss", "val_accuracy", "loss", "accuracy"] = "val_loss"
    patience: Epochs
    min_delta: Size = 0.0


Loss = Literal[
    "categorical_crossentropy",
    "sparse_categorical_crossentropy",
    "mean_squared_error",
    "half_squared_error",
    "binary_crossentropy",
]


Precision = Literal["fp32", "bf16"]


class TrainMistakes(_Spec):
    """Deliberate training mistakes, only in studies with ``teaching: true``."""

    warm_start: tuple[Count, ...] = ()
    """Sizes of training subsets. Each is trained on in turn, starting from the weights of the one before."""

    @field_validator("warm_start", mode="before")
    @classmethod
    def _sizes(cls, value: object) -> object:
        return tuple(value) if isinstance(value, list) else value


_SELDOM = ("steps_per_epoch", "backend", "mistakes")
"""Settings that were added in later versions. Trial identities contain them only if they are not defaults."""


class TrainSpec(_Spec):
    """Training settings: optimizer, loss, number of epochs, batches, schedule and early stopping."""

    optimizer: dict[str, dict[str, Any]]
    loss: Loss = "categorical_crossentropy"
    label_smoothing: Share = 0.0
    epochs: Epochs
    batch_size: Count
    steps_per_epoch: Count | None = None
    """Number of optimizer steps of an epoch; by default one pass over the training examples."""
    last_batch: Literal["keep", "drop"] = "keep"
    schedule: dict[str, dict[str, Any]] = Field(
        default_factory=lambda: dict[str, dict[str, Any]](constant={})
    )
    early_stopping: EarlyStopping | None = None
    checkpoint: Literal["last", "best"] = "last"
    """Weights to keep: those of the last epoch, or of the epoch with the best val_loss (or monitor)."""
    backend: Literal["torch", "numpy"] = "torch"
    """``numpy`` trains by the reference, in float64, for small studies."""
    precision: Precision = "fp32"
    """``bf16`` computes products in bfloat16 with float32 sums; weights and losses stay float32."""
    augment: tuple[dict[str, dict[str, Any]], ...] = ()
    """Augmentations of training images, drawn anew in every epoch."""
    mistakes: TrainMistakes | None = None
    """Deliberate mistakes, only in a study with ``teaching: true``."""
    test_time_flip: bool = False
    """Whether evaluation averages the raw outputs of an image and its mirror image."""

    @field_validator("optimizer", "schedule", mode="before")
    @classmethod
    def _choice(cls, value: object) -> object:
        choice = single_choice(value)
        if choice is None:
            raise ValueError("must be a name, or {Name: {argument: value}}")
        return {choice[0]: choice[1]}

    @field_validator("augment", mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        if not isinstance(value, list | tuple):
            raise ValueError("must be a list of augmentations")  # noqa: TRY004 - for pydantic
        choices = [single_choice(item) for item in value]
        return tuple({choice[0]: choice[1]} for choice in choices if choice is not None)

    @classmethod
    def parse(cls, settings: object, profile: Profile, path: Path = ()) -> Self:
        """Validate training settings and fill in the profile's constants.

        Args:
            settings: plain settings.
            profile: profile whose constants replace missing values.
            path: path of the settings in the study, for error messages.

        Raises:
            SettingsError: every broken rule, with its path.
        """
        issues: list[Issue] = []
        spec: Self | None = None
        try:
            spec = parse(cls, settings, path)
        except SettingsError as error:
            issues.extend(error.issues)
        given = settings if isinstance(settings, dict) else {}
        optimizer = _resolve(given.get("optimizer"), OPTIMIZERS, (*path, "optimizer"), issues)
        schedule = _resolve(
            given.get("schedule", "constant"), SCHEDULES, (*path, "schedule"), issues
        )
        augment = _resolve_all(given.get("augment", ()), (*path, "augment"), issues)
        if spec is not None and spec.backend == "numpy":
            issues.extend(_beyond_numpy(spec, path))
        if issues or spec is None or optimizer is None or schedule is None:
            raise SettingsError(issues)
        name, chosen = optimizer
        if isinstance(chosen, Optimizer):
            chosen = chosen.resolved(profile)
        update = {
            "optimizer": {name: chosen.model_dump(mode="json")},
            "schedule": {schedule[0]: schedule[1].model_dump(mode="json")},
            "augment": augment,
        }
        return spec.model_copy(update=update)

    def to_settings(self) -> dict[str, Any]:
        """Return the settings as JSON-able values; `_SELDOM` settings are left out if they are defaults."""
        plain = self.model_dump(mode="json")
        for name in _SELDOM:
            if getattr(self, name) == type(self).model_fields[name].default:
                del plain[name]
        return plain

    @classmethod
    def seldom_defaults(cls) -> dict[str, Any]:
        """Return the default values that `to_settings` leaves out."""
        return {name: cls.model_fields[name].default for name in _SELDOM}

    def built_optimizer(self) -> tuple[str, Optimizer]:
        """Return the optimizer's name and specification."""
        name, arguments = next(iter(self.optimizer.items()))
        return name, OPTIMIZERS[name].model_validate(arguments)

    def built_augmentation(self) -> tuple[Augmentation, ...]:
        """Return the specifications of the augmentations, in the order of the settings."""
        return tuple(
            AUGMENTATIONS[name].model_validate(arguments)
            for item in self.augment
            for name, arguments in item.items()
        )

    def built_schedule(self) -> Schedule:
        """Return the specification of the learning-rate schedule."""
        name, arguments = next(iter(self.schedule.items()))
        return SCHEDULES[name].model_validate(arguments)


def _beyond_numpy(spec: TrainSpec, path: Path) -> Iterator[Issue]:
    """Yield an issue for every setting that the NumPy reference does not support."""
    rule = "must be left out with backend: numpy"
    if spec.augment:
        yield Issue((*path, "augment"), rule, show(list(spec.augment)))
    if spec.precision != "fp32":
        yield Issue((*path, "precision"), rule, show(spec.precision))
    if spec.mistakes is not None:
        yield Issue((*path, "mistakes"), rule, show(spec.mistakes.model_dump(mode="json")))
    if spec.test_time_flip:
        yield Issue((*path, "test_time_flip"), rule, show(spec.test_time_flip))


def _resolve_all(
    value: object, path: Path, issues: list[Issue]
) -> tuple[dict[str, dict[str, Any]], ...]:
    """Resolve a list of augmentations, each at most once."""
    found: dict[str, dict[str, Any]] = {}
    for index, item in enumerate(value if isinstance(value, list | tuple) else ()):
        place = (*path, index)
        if single_choice(item) is None:
            issues.append(Issue(place, "must be a name, or {name: {argument: value}}", show(item)))
            continue
        resolved = _resolve(item, AUGMENTATIONS, place, issues)
        if resolved is None:
            continue
        if resolved[0] in found:
            issues.append(Issue(place, "must occur only once", show(item)))
        found[resolved[0]] = resolved[1].model_dump(mode="json")
    return tuple({name: arguments} for name, arguments in found.items())


def _resolve(
    value: object, registry: dict[str, Any], path: Path, issues: list[Issue]
) -> tuple[str, BaseModel] | None:
    choice = single_choice(value)
    if choice is None:
        return None  # `TrainSpec` reports it already
    name, arguments = choice
    if name not in registry:
        fix = habit_of_value(name, registry) or did_you_mean(name, registry)
        issues.append(Issue(path, "must name one that exists", show(name), fix))
        return None
    try:
        return name, parse(registry[name], arguments, (*path, name))
    except SettingsError as error:
        issues.extend(error.issues)
        return None
