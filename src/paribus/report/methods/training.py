"""Sentences on everything that variants were trained with; where they differ, which had what."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from paribus.judge.reading import layers_of
from paribus.records import Plan, StoredTrial, Variant
from paribus.wording import counted

__all__ = ["told_by_variant", "training_sentences"]

NONE = "none"
SHOWN_NAMES = 4
"""Variants that are named one by one; of more, the number is given."""
LOSSES = {
    "categorical_crossentropy": "the cross-entropy",
    "sparse_categorical_crossentropy": "the cross-entropy",
    "binary_crossentropy": "the binary cross-entropy",
    "mean_squared_error": "the mean squared error",
    "half_squared_error": "half the squared error",
}
_FORMULAS = {"keras": "Keras's formulas", "torch": "PyTorch's formulas"}
_PRECISIONS = {
    "fp64": "NumPy, in double precision",
    "fp32": "single precision",
    "bf16": "products in bfloat16 with sums in single precision",
}


def training_sentences(plan: Plan, done: Sequence[StoredTrial]) -> Iterator[str]:
    """Yield one sentence per kind of setting: images, weights, optimiser, schedule, budget, rules.

    Args:
        plan: the study, its settings resolved.
        done: its finished trials; what the optimiser was is read off the objects that ran.
    """
    first: dict[str, StoredTrial] = {}
    for trial in done:
        first.setdefault(trial.variant, trial)

    def told(read: Callable[[Variant], str]) -> str:
        return told_by_variant(plan, read)

    yield f"Preprocessing was {told(_preprocessing)}."
    yield f"Augmentation of the training images was {told(_augmentation)}."
    yield f"Initial weights were drawn as {told(_initial_weights)}."
    penalties = told(_penalties)
    if penalties != NONE:
        yield f"Penalties on weights were {penalties}."
    yield f"Training minimised {told(_loss)}."
    yield f"The optimizer was {told(lambda variant: _optimizer(variant, first.get(variant.name)))}."
    yield f"The learning-rate schedule was {told(_schedule)}."
    yield f"The budget was {told(_budget)}."
    yield f"The weights kept were {told(_kept)}."
    precision = told(lambda variant: _precision(first.get(variant.name)))
    if precision:
        yield f"The arithmetic was {precision}."
    if any(variant.train.get("test_time_flip") for variant in plan.variants):
        yield f"What was scored was {told(_scored)}."
    mistakes = told(_mistakes)
    if mistakes != NONE:
        yield f"Mistakes made on purpose were {mistakes}."


def told_by_variant(plan: Plan, read: Callable[[Variant], str]) -> str:
    """Return a text that all variants share, or each text with the variants that have it.

    If the level of one factor decides the text, the factor's levels are named instead of variants.

    Args:
        plan: the study.
        read: text of a variant.
    """
    texts = {variant.name: read(variant) for variant in plan.variants}
    kinds = list(dict.fromkeys(texts.values()))
    if len(kinds) == 1:
        return kinds[0]
    for factor, levels in plan.factors.items():
        by_level: dict[str, set[str]] = {
            level: {texts[v.name] for v in plan.variants if v.levels.get(factor) == level}
            for level in levels
        }
        if all(len(found) <= 1 for found in by_level.values()):
            names = {
                text: [level for level, found in by_level.items() if text in found]
                for text in kinds
            }
            if all(names.values()):
                return "; ".join(f"{text} ({factor}: {_named(names[text])})" for text in kinds)
    return "; ".join(
        f"{text} ({_named([name for name, own in texts.items() if own == text])})" for text in kinds
    )


def _named(names: Sequence[str]) -> str:
    return ", ".join(names) if len(names) <= SHOWN_NAMES else f"{len(names)} variants"


def _choices(items: Sequence[Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield (name, arguments) of settings such as ``"scale"`` and ``{"crop": {"pixels": 2}}``."""
    for item in items:
        if isinstance(item, str):
            yield item, {}
        else:
            for name, arguments in item.items():
                yield name, arguments or {}


def _called(name: str, arguments: Mapping[str, Any]) -> str:
    """Return a name with its arguments; those that are 0, false or unset are left out."""
    given = [
        _words(key) if value is True else f"{_words(key)} {_shown(value)}"
        for key, value in arguments.items()
        if value is not None and value is not False and value != 0
    ]
    return f"{name} ({', '.join(given)})" if given else name


def _words(key: str) -> str:
    """Return a key in words; one with a number, as ``beta_1``, stays as it is."""
    return key if any(letter.isdigit() for letter in key) else key.replace("_", " ")


def _shown(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, list | tuple):
        return " x ".join(map(_shown, value))
    return str(value)


def _preprocessing(variant: Variant) -> str:
    steps = [_called(*choice) for choice in _choices(variant.data.get("preprocess", ()))]
    return ", then ".join(steps) or "none (pixels as they are in the source)"


def _augmentation(variant: Variant) -> str:
    moves = [_called(*choice) for choice in _choices(variant.train.get("augment", ()))]
    return f"{', then '.join(moves)}, drawn anew in every epoch" if moves else NONE


def _initial_weights(variant: Variant) -> str:
    found: dict[str, dict[str, None]] = {}
    for _, arguments in layers_of(variant.model):
        for key, value in arguments.items():
            if key.endswith("_initializer") and value is not None:
                names = [_called(*choice) for choice in _choices([value])]
                found.setdefault(key.removesuffix("_initializer"), {}).update(dict.fromkeys(names))
    return ", ".join(f"{part} {' or '.join(names)}" for part, names in found.items()) or NONE


def _penalties(variant: Variant) -> str:
    found: dict[str, list[str]] = {}
    for kind, arguments in layers_of(variant.model):
        for key, value in arguments.items():
            if key.endswith("_regularizer") and value:
                text = ", ".join(f"{name} {size:g}" for name, size in value.items() if size)
                if text:
                    found.setdefault(text, []).append(str(arguments.get("name", kind)))
    return "; ".join(f"{text} on {', '.join(names)}" for text, names in found.items()) or NONE


def _loss(variant: Variant) -> str:
    train = variant.train
    loss = LOSSES.get(train["loss"], train["loss"])
    smoothing = train.get("label_smoothing") or 0
    return f"{loss} with label smoothing {smoothing:g}" if smoothing else f"{loss} of the labels"


def _optimizer(variant: Variant, trial: StoredTrial | None) -> str:
    ran = None if trial is None else trial.observed.optimizer
    if ran is None:
        return " and ".join(_called(*choice) for choice in _choices([variant.train["optimizer"]]))
    text = _called(ran.name, ran.constants)
    formulas = _FORMULAS.get(ran.formulas)
    return text if formulas is None else f"{text} by {formulas}"


def _schedule(variant: Variant) -> str:
    ((name, arguments),) = _choices([variant.train.get("schedule") or "constant"])
    if name == "constant":
        return "none (a constant learning rate)"
    return _called(name.replace("_", " "), arguments)


def _budget(variant: Variant) -> str:
    train = variant.train
    text = f"{counted(int(train['epochs']), 'epoch')} in batches of {train['batch_size']}"
    if train.get("steps_per_epoch"):
        text += f", an epoch being {counted(int(train['steps_per_epoch']), 'step')}"
    if train.get("last_batch") == "drop":
        text += ", incomplete batches left out"
    stopping = train.get("early_stopping")
    if stopping:
        text += (
            f", stopped early when {stopping['monitor']} had not improved for "
            f"{counted(int(stopping['patience']), 'epoch')}"
        )
        if stopping.get("min_delta"):
            text += f" by more than {stopping['min_delta']:g}"
    return text


def _kept(variant: Variant) -> str:
    if variant.train.get("checkpoint") != "best":
        return "those of the last epoch"
    monitor = (variant.train.get("early_stopping") or {}).get("monitor", "val_loss")
    return f"those of the epoch with the best {monitor}"


def _precision(trial: StoredTrial | None) -> str:
    return _PRECISIONS.get((trial and trial.observed.precision) or "", "")


def _scored(variant: Variant) -> str:
    if variant.train.get("test_time_flip"):
        return "the mean of the outputs for an image and its mirror image"
    return "the output for the image"


def _mistakes(variant: Variant) -> str:
    of_data = [
        _called(_words(name), arguments)
        for name, arguments in _choices(variant.data.get("mistakes", ()))
    ]
    of_training = [
        f"{_words(name)} {_shown(value)}"
        for name, value in (variant.train.get("mistakes") or {}).items()
        if value
    ]
    return ", ".join([*of_data, *of_training]) or NONE
