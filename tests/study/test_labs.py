"""The five labs can be said in the study language, and their networks have the published sizes."""

from pathlib import Path

import pytest

from ceteris.api import load

FIXTURES = Path(__file__).parent / "fixtures"
EXAMPLES = Path(__file__).parents[2] / "examples"


def planned(path):
    plan = load(path).plan(jobs=2)
    return plan, {v["name"]: v for v in plan.to_json()["variants"]}


def test_lab_a_has_eight_variants_of_the_published_sizes():
    plan, variants = planned(EXAMPLES / "lab-a.yaml")
    sizes = {name: (v["parameters"], v["trainable_parameters"]) for name, v in variants.items()}
    one, two = (217_370, 217_370), (35_370, 35_370)
    assert sizes == {
        **{f"one/{r}": one for r in ("none", "l2", "dropout")},
        "one/batch_norm": (217_754, 217_562),
        **{f"two/{r}": two for r in ("none", "l2", "dropout")},
        "two/batch_norm": (35_818, 35_594),
    }
    assert plan.to_json()["trials"] == 80
    assert variants["one/l2"]["changes"] == ["conv1.kernel_regularizer: none -> l2 0.01"]
    names = [row["name"] for row in variants["two/dropout"]["layers"]]
    expected = (
        "conv1 pool1 pool1_dropout conv2 pool2 pool2_dropout flatten_1 hidden hidden_dropout output"
    )
    assert names == expected.split()


def test_lab_b_lists_five_architectures_with_optimizers_of_their_own():
    plan, variants = planned(FIXTURES / "lab_b.yaml")
    assert list(variants) == [f"model{k}" for k in range(1, 6)]
    optimizers = [next(iter(v.train["optimizer"])) for v in plan.plan.variants]
    assert optimizers == ["Adadelta", "Adadelta", "Adam", "Adadelta", "Adadelta"]
    assert "changes 2 things at once: layers, optimizer" in variants["model3"]["warnings"][0]
    assert plan.descriptions["model1"].num_examples == {
        "train": 60_000,
        "validation": 10_000,
        "test": 0,
    }


def test_lab_c_has_the_published_sizes():
    _, variants = planned(FIXTURES / "lab_c.yaml")
    sizes = {name: (v["parameters"], v["trainable_parameters"]) for name, v in variants.items()}
    assert sizes == {
        "published": (142_346, 142_346),
        "as_specified": (61_706, 61_706),
        "dropout": (142_346, 142_346),
        "batch_norm": (142_434, 142_390),
        "dense": (109_386, 109_386),
    }
    rows = [row["parameters"] for row in variants["published"]["layers"] if row["parameters"]]
    assert rows == [156, 2_416, 48_120, 90_804, 850]


def test_lab_d_crosses_batch_size_with_batch_norm():
    _, variants = planned(FIXTURES / "lab_d.yaml")
    assert len(variants) == 6
    shapes = [row["output_shape"] for row in variants["128/without"]["layers"]]
    assert shapes[2] == [10, 10, 128]
    assert shapes[5] == [3, 3, 128]
    added = variants["128/with"]["parameters"] - variants["128/without"]["parameters"]
    assert added == 2 * 4 * 128


@pytest.mark.parametrize(
    ("level", "count"), [("100", 100), ("250", 250), ("1000", 1000), ("all", 54_000)]
)
def test_lab_e_varies_the_number_of_training_images(level, count):
    plan, variants = planned(FIXTURES / "lab_e.yaml")
    assert plan.descriptions[level].num_examples["train"] == count
    assert variants[level]["parameters"] == (16 * 25 + 16) + 64 + (16 * 32 * 25 + 32) + 128 + (
        1568 * 10 + 10
    )
    assert variants[level]["layers"][-1]["output_shape"] == [10]
