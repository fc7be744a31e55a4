"""Names from Keras, PyTorch and scikit-learn that users write out of habit, and their equivalents here.

The module has plain tables and functions that look names up; the packages that own a setting call them. It
imports no other module of the package.
"""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["habit_of_key", "habit_of_value", "renamed"]

_KEYS = {
    "alpha": "rho",
    "amsgrad": "",
    "augmentation": "augment",
    "batch": "batch_size",
    "batchsize": "batch_size",
    "bias": "use_bias",
    "classes": "units",
    "criterion": "loss",
    "data_augmentation": "augment",
    "dataset": "data",
    "drop_last": "last_batch",
    "epoch": "epochs",
    "eps": "epsilon",
    "factor_levels": "factors",
    "filter": "filters",
    "kernel": "kernel_size",
    "lr": "learning_rate",
    "max_epochs": "epochs",
    "n_epochs": "epochs",
    "network": "model",
    "num_classes": "units",
    "num_epochs": "epochs",
    "num_filters": "filters",
    "num_groups": "groups",
    "optim": "optimizer",
    "out_channels": "filters",
    "out_features": "units",
    "p": "rate",
    "path": "source",
    "preprocessing": "preprocess",
    "random_state": "seed",
    "scheduler": "schedule",
    "lr_scheduler": "schedule",
    "lr_schedule": "schedule",
    "seed": "seeds",
    "size": "units",
    "stride": "strides",
    "training": "train",
    "transforms": "preprocess",
    "variables": "factors",
}
"""Foreign key -> our key, which applies only if our key is known."""

_SENTENCES = {
    "betas": "Write beta_1 and beta_2.",
    "callbacks": "Use train.early_stopping, train.checkpoint: best or train.schedule; curves are always kept.",
    "class_weight": "Every example counts the same; the report shows recall and precision of every class.",
    "clipnorm": "Gradients are not clipped; use a smaller learning_rate.",
    "clipvalue": "Gradients are not clipped; use a smaller learning_rate.",
    "data_format": "Leave it out: images are (height, width, channel).",
    "decay": "A rate that changes is train.schedule; a decay of weights is the optimizer's weight_decay.",
    "device": "Use --device cpu or --device cuda.",
    "dilation": "Dilation is not known; stack convolutions, or use a larger kernel_size.",
    "dilation_rate": "Dilation is not known; stack convolutions, or use a larger kernel_size.",
    "early_stop": "Use train.early_stopping: {patience: 3}.",
    "groups": "Use DepthwiseConv2D or SeparableConv2D for convolutions by channel.",
    "in_channels": "Leave it out: it follows from what reaches the layer.",
    "in_features": "Leave it out: it follows from what reaches the layer.",
    "input_dim": "Leave it out: shapes follow from the data. A layer Input: {shape: [...]} states and checks them.",
    "input_shape": "Leave it out: shapes follow from the data. A layer Input: {shape: [...]} states and checks them.",
    "label_mode": "Leave it out: labels are classes.",
    "learning_rate": "It belongs to the optimizer: train.optimizer: {Adam: {learning_rate: 0.001}}.",
    "lr": "It belongs to the optimizer: train.optimizer: {Adam: {learning_rate: 0.001}}.",
    "metrics": "Leave it out: loss and accuracy of training and validation are always measured.",
    "momentum": "It belongs to the optimizer: train.optimizer: {SGD: {momentum: 0.9}}.",
    "normalize": "Use data.preprocess: [scale], or standardize.",
    "num_features": "Leave it out: it follows from what reaches the layer.",
    "num_workers": "Use --jobs.",
    "random_state": "Seeds are the study's seeds, and data.split.seed for the split.",
    "rescale": "Use data.preprocess: [scale].",
    "sample_weight": "Every example counts the same.",
    "seed": "Seeds are the study's: seeds: 10 at the top.",
    "shuffle": "Leave it out: training images are always shuffled anew every epoch, validation and test images never.",
    "shape": "A layer Input: {shape: [...]} states and checks the shape.",
    "test_size": "Use data.split: {train: 0.6, validation: 0.2, test: 0.2}.",
    "test_split": "Use data.split: {train: 0.6, validation: 0.2, test: 0.2}.",
    "validation_data": "Use data.split: {validation: 0.2}.",
    "validation_size": "Use data.split: {validation: 0.2}.",
    "validation_split": "Use data.split: {validation: 0.2}.",
    "val_split": "Use data.split: {validation: 0.2}.",
    "verbose": "Leave it out: it belongs to the command, not to the study.",
    "weight_decay": "It belongs to the optimizer: train.optimizer: {AdamW: {weight_decay: 0.01}}.",
}

_VALUES = {
    # layers
    "adaptiveavgpool2d": "GlobalAveragePooling2D",
    "adaptivemaxpool2d": "GlobalMaxPooling2D",
    "avgpool2d": "AveragePooling2D",
    "averagepool2d": "AveragePooling2D",
    "batchnorm": "BatchNormalization",
    "batchnorm2d": "BatchNormalization",
    "batchnorm1d": "BatchNormalization",
    "conv": "Conv2D",
    "conv2d": "Conv2D",
    "convolution2d": "Conv2D",
    "dropout2d": "SpatialDropout2D",
    "fullyconnected": "Dense",
    "fc": "Dense",
    "globalaveragepool2d": "GlobalAveragePooling2D",
    "globalavgpool2d": "GlobalAveragePooling2D",
    "globalmaxpool2d": "GlobalMaxPooling2D",
    "groupnorm": "GroupNormalization",
    "inputlayer": "Input",
    "layernorm": "LayerNormalization",
    "linear": "Dense",
    "maxpool": "MaxPooling2D",
    "maxpool2d": "MaxPooling2D",
    "relulayer": "ReLU",
    "zeropad2d": "ZeroPadding2D",
    # activations
    "swish": "silu",
    "leakyrelu": "leaky_relu",
    "identity": "linear",
    "none": "linear",
    "logistic": "sigmoid",
    # losses
    "bce": "binary_crossentropy",
    "bceloss": "binary_crossentropy",
    "bcewithlogitsloss": "binary_crossentropy",
    "binarycrossentropy": "binary_crossentropy",
    "categoricalcrossentropy": "categorical_crossentropy",
    "crossentropy": "categorical_crossentropy",
    "crossentropyloss": "categorical_crossentropy",
    "logloss": "categorical_crossentropy",
    "nllloss": "categorical_crossentropy",
    "sparsecategoricalcrossentropy": "sparse_categorical_crossentropy",
    "mse": "mean_squared_error",
    "mseloss": "mean_squared_error",
    "meansquarederror": "mean_squared_error",
    # augmentations
    "horizontalflip": "flip",
    "randomflip": "flip",
    "randomhorizontalflip": "flip",
    "randomcrop": "crop",
    "randomtranslation": "crop",
    "shift": "crop",
    "translate": "crop",
    "translation": "crop",
    "widthshiftrange": "crop",
    "heightshiftrange": "crop",
    "erasing": "cutout",
    "randomerasing": "cutout",
    # preprocessing
    "grey": "grayscale",
    "greyscale": "grayscale",
    "normalize": "standardize",
    "normalise": "standardize",
    "normalization": "standardize",
    "standardise": "standardize",
    "rescale": "scale",
    "rescaling": "scale",
    "totensor": "scale",
    # schedules
    "cosineannealinglr": "cosine",
    "cosinedecay": "cosine",
    "onecyclelr": "one_cycle",
    "steplr": "step",
    "exponential": "step",
    # metrics
    "acc": "accuracy",
    "valacc": "val_accuracy",
    "testacc": "test_accuracy",
    "validationaccuracy": "val_accuracy",
    "validationloss": "val_loss",
    # initialisers
    "kaiminguniform": "he_uniform",
    "kaimingnormal": "he_normal",
    "xavieruniform": "glorot_uniform",
    "xaviernormal": "glorot_normal",
    "heuniform": "he_uniform",
    "henormal": "he_normal",
}
"""Foreign name, reduced to lower-case letters and digits -> our name, which applies only if it is an option."""

_ACTIVATION = (
    "Write it as activation of the layer before, or as a layer: Activation: {activation: NAME}."
)
_REPORTED = "Known are accuracy and loss, also val_ and test_; the report shows precision and recall by class."
_GEOMETRY = "Known are flip, crop (which shifts images) and cutout; images are not turned, zoomed or recoloured."
_VALUE_SENTENCES = {
    **dict.fromkeys(
        ("rotation", "randomrotation", "rotate", "rotationrange", "zoom", "randomzoom", "zoomrange",
         "brightness", "randombrightness", "contrast", "randomcontrast", "colorjitter", "shear",
         "verticalflip", "randomverticalflip", "affine", "randomaffine", "noise", "gaussiannoise", "mixup", "cutmix"),
        _GEOMETRY,
    ),
    **dict.fromkeys(
        ("f1", "valf1", "testf1", "f1score", "macrof1", "valmacrof1", "precision", "valprecision", "recall",
         "valrecall", "auc", "valauc", "rocauc", "balancedaccuracy", "valbalancedaccuracy", "top5accuracy"),
        _REPORTED,
    ),
    **dict.fromkeys(("softmax", "sigmoid", "tanh", "gelu", "silu", "swish", "elu", "softplus"), _ACTIVATION),
    "prelu": "Use LeakyReLU, whose slope is fixed.",
    "relu6": "Use relu.",
    "mish": "Use silu, which is close to it.",
    "selu": "Use elu.",
    "lstm": "Networks here are for images; there are no recurrent layers.",
    "gru": "Networks here are for images; there are no recurrent layers.",
    "embedding": "Networks here are for images; there are no embeddings.",
    "reshape": "Use Flatten; shapes follow from the data.",
    "concatenate": "Use Residual, which adds.",
    "add": "Use Residual: {layers: [...]}, which adds its input.",
    "sequential": "List the layers under model.layers.",
    "l1": "Penalties belong to a layer: kernel_regularizer: {l1: 0.001}.",
    "l2": "Penalties belong to a layer: kernel_regularizer: {l2: 0.001}.",
    "conv1d": "Use Conv2D; networks here are for images.",
    "conv2dtranspose": "Use Conv2D; networks here are classifiers.",
    "adamax": "Use Adam.",
    "adagradda": "Use Adagrad.",
    "lion": "Use AdamW.",
    "hinge": "Use categorical_crossentropy.",
    "kldivergence": "Use categorical_crossentropy, which differs by a constant.",
    "focal": "Use categorical_crossentropy.",
    "reducelronplateau": "Use step or cosine; rates do not depend on results.",
}  # fmt: skip


def renamed(key: str, known: Iterable[str]) -> str | None:
    """Return our name of a foreign key if it is among the known keys; else None.

    Example:
        >>> renamed("lr", ["learning_rate", "momentum"])
        'learning_rate'
    """
    ours = _KEYS.get(key)
    return ours if ours and ours in set(known) else None


def habit_of_key(key: str, known: Iterable[str]) -> str | None:
    """Return advice for an unknown key that is known from another library; else None.

    Example:
        >>> habit_of_key("stride", ["strides", "filters"])
        "It is called 'strides' here."
    """
    ours = renamed(key, known)
    return f"It is called {ours!r} here." if ours else _SENTENCES.get(key)


def habit_of_value(value: object, options: Iterable[str]) -> str | None:
    """Return advice for a value that is no option here but known from another library; else None.

    Example:
        >>> habit_of_value("nn.Linear", ["Dense", "Conv2D"])
        "It is called 'Dense' here."
    """
    if not isinstance(value, str):
        return None
    plain = "".join(letter for letter in value.rpartition(".")[2].lower() if letter.isalnum())
    by_form = {"".join(c for c in option.lower() if c.isalnum()): option for option in options}
    ours = _VALUES.get(plain)
    if ours not in by_form.values():
        ours = by_form.get(plain)
    return f"It is called {ours!r} here." if ours else _VALUE_SENTENCES.get(plain)
