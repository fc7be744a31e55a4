"""Runs layers on odd shapes against the NumPy reference; a process of its own, so that crashes are seen.

Reads the name of a layer a line, and tries it in a child of itself, which prints one line of JSON per case:
before it runs, and its errors after. The last line of a layer is the exit status of its child.
"""

import json
import os
import sys
import traceback

import numpy as np
import torch
from torch.nn import functional as F

from paribus.nn.build import build_network, load_weights
from paribus.nn.initial import initial_weights
from paribus.nn.layer import ACTIVATIONS
from paribus.nn.shapes import ShapeError
from paribus.nn.spec import ModelSpec
from paribus.nn.stacked.network import stack
from paribus.reference.network import build_reference

SHAPES = [(1, 1, 1), (1, 1, 3), (8, 8, 1), (7, 5, 3), (1, 9, 16)]
BATCHES = (1, 5)
MEMBERS = 2

WINDOWS = [(1, 2), (3, 1), (3, 2), ([1, 3], 3), (7, [1, 2])]
AFFINE = [(a, b) for a in (True, False) for b in (True, False)]


def residual(strides, **more):
    around = {"Conv2D": {"filters": 12, "kernel_size": 1, "strides": strides}}
    inner = {
        "Conv2D": {"filters": 12, "kernel_size": 3, "strides": strides, "padding": "same", **more}
    }
    return {"layers": [inner], "shortcut": [around], "activation": "leaky_relu"}


def windows(name="kernel_size", paddings=("valid", "same"), **more):
    return [
        {name: size, "strides": strides, "padding": padding, **more}
        for size, strides in WINDOWS
        for padding in paddings
    ]


CASES = {
    "Input": [],  # its shape is the data's; written by `layers_of`
    "Conv2D": [*windows(filters=6, paddings=("valid", "same", 2)), *windows(filters=16)],
    "DepthwiseConv2D": windows(depth_multiplier=2, paddings=("valid", "same", 2)),
    "SeparableConv2D": windows(filters=3, paddings=("valid", "same", 2)),
    "Dense": [],
    "MaxPooling2D": windows("pool_size"),
    "AveragePooling2D": windows("pool_size"),
    "GlobalAveragePooling2D": [{}],
    "GlobalMaxPooling2D": [{}],
    "Flatten": [{}],
    "Dropout": [{"rate": 0.4}, {"rate": 0.0}, {"rate": 0.999999}],
    "SpatialDropout2D": [{"rate": 0.4}, {"rate": 0.999999}],
    "BatchNormalization": [{"scale": a, "center": b} for a, b in AFFINE],
    "LayerNormalization": [{"scale": a, "center": b} for a, b in AFFINE],
    "GroupNormalization": [
        {"groups": n, "scale": a, "center": b} for n in (1, 2, 3, 16) for a, b in AFFINE
    ],
    "Activation": [{"activation": name} for name in ACTIVATIONS if name != "softmax"],
    "ReLU": [{}],
    "LeakyReLU": [{}, {"negative_slope": 0.0}],
    "Rescaling": [{"scale": 0.5, "offset": 0.1}],
    "ZeroPadding2D": [{"padding": [[0, 2], [1, 0]]}],
    "Residual": [residual(1), residual(2), residual([1, 2]), residual(3, use_bias=False)],
    "Repeat": [
        {"times": 2, "layers": [{"Conv2D": {"filters": 3, "kernel_size": 1, "strides": 2}}]}
    ],
}


def layers_of(kind, arguments, shape, *, front):
    """The layer, first or behind a convolution, and what makes classes of it."""
    first = {"Conv2D": {"filters": shape[2], "kernel_size": 1, "activation": "tanh"}}
    before = [first] if front else []
    return [*before, {kind: arguments}, "Flatten", {"Dense": {"units": 4}}]


def cases(kind, shape):
    if kind == "Input":
        return [{"shape": list(shape)}]
    return CASES[kind]


def model_of(kind, arguments, shape, *, front, profile="keras"):
    if kind == "Dense":
        layers = ["Flatten", {"Dense": {"units": 5, "activation": "tanh"}}, {"Dense": {"units": 4}}]
    else:
        layers = layers_of(kind, arguments, shape, front=front)
    text = json.dumps({"defaults": profile, "layers": layers})
    return ModelSpec.parse(json.loads(text)).resolved()


def weights_of(model, shape, seed):
    draws = np.random.default_rng(seed)
    return {
        name: value
        if "variance" in name
        else (value + 0.1 * draws.standard_normal(value.shape)).astype(np.float32)
        for name, value in initial_weights(model, shape, seed).items()
    }


def gradients(network, images, labels, members=1):
    """Raw outputs, and the gradients of all weights, with the moving statistics as they are after it."""
    raw = network(images)
    losses = F.cross_entropy(raw, labels, reduction="none")
    (losses.view(members, -1).mean(1)).sum().backward()
    tensors = network.weight_tensors()
    zeros = torch.zeros_like
    found = {
        name: (zeros(t) if t.grad is None else t.grad) if t.requires_grad else t
        for name, t in tensors.items()
    }
    return raw.detach(), found


def worst(found, expected):
    """The largest error, in units of the expected tensor's largest number or of 1."""
    error = 0.0
    for name, value in expected.items():
        own = np.asarray(found[name], np.float64)
        scale = max(1.0, float(np.abs(value).max(initial=0.0)))
        error = max(error, float(np.abs(own - value).max(initial=0.0)) / scale)
        if not np.isfinite(own).all():
            return float("inf")
    return error


def errors(kind, arguments, shape, batch, *, front):
    """Of single networks and of a stack of two, each against the reference."""
    model = model_of(kind, arguments, shape, front=front)
    draws = np.random.default_rng(7)
    images = draws.standard_normal((MEMBERS, batch, *shape)).astype(np.float32)
    labels = draws.integers(0, 4, batch)
    networks, expected = [], []
    for seed in range(MEMBERS):
        weights = weights_of(model, shape, seed)
        network = build_network(model, shape)
        load_weights(network, weights)
        network.train()
        network.begin_epoch(seed, 1)
        networks.append(network)
        reference = build_reference(model, shape, weights)
        reference.begin_epoch(seed, 1)
        _, found = reference.gradients(
            images[seed].astype(np.float64), labels, loss="categorical_crossentropy"
        )
        moved = {k: v for k, v in reference.weights().items() if "moving" in k}
        expected.append({**found, **moved})
    stacked = stack(networks)
    stacked.train()
    from paribus.keyed import key

    stacked.begin_epoch(
        lambda name: [key(seed, "dropout", name, 1) % (1 << 64) for seed in range(MEMBERS)]
    )
    given = torch.tensor(images).permute(0, 1, 4, 2, 3)
    truth = torch.tensor(labels)
    result = {"single": 0.0, "stacked": 0.0}
    for seed, network in enumerate(networks):
        _, found = gradients(network, given[seed], truth)
        result["single"] = max(result["single"], worst(found, expected[seed]))
    _, found = gradients(stacked, given.flatten(0, 1), truth.repeat(MEMBERS), MEMBERS)
    for seed in range(MEMBERS):
        own = {name: value.detach()[seed] for name, value in found.items()}
        result["stacked"] = max(result["stacked"], worst(own, expected[seed]))
    result["evaluated"] = evaluated(stacked, networks, given)
    return result


def evaluated(stacked, networks, given):
    """The largest difference between single and stacked outputs in evaluation mode."""
    stacked.eval()
    with torch.no_grad():
        joined = stacked(given.flatten(0, 1)).unflatten(0, (MEMBERS, -1))
        return max(
            worst({"y": joined[seed].numpy()}, {"y": network.eval()(given[seed]).double().numpy()})
            for seed, network in enumerate(networks)
        )


def try_layer(kind):
    for shape in SHAPES:
        for arguments in cases(kind, shape) or [{}]:
            for batch in BATCHES:
                for front in (False, True):
                    case = [kind, arguments, shape, batch, "behind" if front else "first"]
                    print(json.dumps({"case": case}), flush=True)
                    try:
                        found = errors(kind, arguments, shape, batch, front=front)
                    except ShapeError:
                        found = {}
                    print(json.dumps({"case": case, "errors": found}), flush=True)


def main():
    torch.set_num_threads(1)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            try:
                try_layer(line.strip())
                os._exit(0)
            except BaseException:
                traceback.print_exc()
                os._exit(70)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        print(json.dumps({"ended": status}), flush=True)


if __name__ == "__main__":
    main()
