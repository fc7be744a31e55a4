"""A factorial study of two dense networks, with claims about these images and about their source."""

STUDY = {
    "study": "scope",
    "question": "Is <b>large</b> | better?",
    "data": {"source": "digits", "split": {"train": 0.5, "validation": 0.3, "test": 0.2}, "preprocess": ["scale"]},
    "model": {"layers": ["Flatten", {"Dense": {"name": "hidden", "units": 8, "activation": "relu"}}, {"Dense": {"name": "output", "units": 10, "activation": "softmax"}}]},
    "train": {"optimizer": {"SGD": {"learning_rate": 0.2}}, "epochs": 6, "batch_size": 32},
    "seeds": 5,
    "factors": {
        "width": {"small": None, "large": {"set": {"model.hidden.units": 24}}},
        "dropout": {"none": None, "some": {"insert": {"after": "hidden", "layers": [{"Dropout": {"rate": 0.2}}]}}},
    },
    "select": {"test": "never"},
    "claims": [
        {"id": "here", "says": "large > small on val_accuracy", "published": "0.95 > 0.90"},
        {"id": "source", "says": "large > small on val_accuracy", "scope": "data-source"},
    ],
    "published": {"val_accuracy": {"small/none": 0.01, "large/none": 0.9}},
}  # fmt: skip
