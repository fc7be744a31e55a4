"""The five labs can be said in the study language, and their networks have the published sizes."""

from pathlib import Path

import pytest

from paribus.api import load

STUDIES = Path(__file__).parents[3] / "studies"


def planned(path):
    plan = load(path).plan(jobs=2)
    return plan, {v["name"]: v for v in plan.to_json()["variants"]}


def test_lab_a_has_eight_variants_of_the_published_sizes():
    plan, variants = planned(STUDIES / "lab-a-regularisation.yaml")
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
    plan, variants = planned(STUDIES / "lab-b-architectures.yaml")
    assert list(variants) == [f"model{k}" for k in range(1, 6)]
    optimizers = [next(iter(v.train["optimizer"])) for v in plan.plan.variants]
    assert optimizers == ["Adadelta", "Adadelta", "Adam", "Adadelta", "Adadelta"]
    assert "changes 2 things at once: layers, optimizer" in variants["model3"]["warnings"][0]
    counts = plan.descriptions["model1"].num_examples
    assert counts["test"] == 10_000
    assert counts["train"] + counts["validation"] == 60_000


def test_what_lab_b_asks_afterwards_it_asks_of_the_same_networks():
    def networks(name):
        plan, _ = planned(STUDIES / f"{name}.yaml")
        return {
            variant.name: (
                [
                    (kind, {key: value for key, value in arguments.items() if key != "name"})
                    for layer in variant.model["layers"]
                    for kind, arguments in layer.items()
                ],
                {key: value for key, value in variant.train.items() if key != "epochs"},
            )
            for variant in plan.plan.variants
        }

    five = networks("lab-b-architectures")
    assert networks("lab-b-longer")["model1"] == five["model1"]
    early = networks("lab-b-first-epoch")
    assert (early["model1"], early["model3"]) == (five["model1"], five["model3"])
    changed = [
        (kind, one[key], other[key])
        for (kind, one), (_, other) in zip(
            early["model3"][0], early["model3_short_memory"][0], strict=True
        )
        for key in one
        if one[key] != other[key]
    ]
    assert changed == [("BatchNormalization", 0.99, 0.9)] * 2


def test_lab_c_has_the_published_sizes():
    _, variants = planned(STUDIES / "lab-c-lenet.yaml")
    sizes = {name: (v["parameters"], v["trainable_parameters"]) for name, v in variants.items()}
    assert sizes == {
        "lenet": (142_346, 142_346),
        "lenet_10_epochs": (142_346, 142_346),
        "lenet_as_specified": (61_706, 61_706),
        "dropout": (142_346, 142_346),
        "batch_norm": (142_434, 142_390),
        "dense": (109_386, 109_386),
    }
    rows = [row["parameters"] for row in variants["lenet"]["layers"] if row["parameters"]]
    assert rows == [156, 2_416, 48_120, 90_804, 850]


def test_lab_d_goes_from_a_dense_network_to_the_final_one():
    _, variants = planned(STUDIES / "lab-d-architectures.yaml")
    shapes = [row["output_shape"] for row in variants["cnn"]["layers"]]
    assert [shape for shape in shapes if shape[0] in (10, 3)][:2] == [[10, 10, 128], [10, 10, 32]]
    assert variants["dense"]["parameters"] == 3072 * 150 + 150 + 1510
    final = [row["type"] for row in variants["final"]["layers"]]
    assert final.count("BatchNormalization") == final.count("Dropout") == final.count("Dense") == 2
    assert final.index("BatchNormalization") == final.index("Activation") - 1


def test_lab_d_crosses_batch_size_with_batch_norm():
    _, variants = planned(STUDIES / "lab-d-batch-size.yaml")
    assert len(variants) == 8
    assert variants["2/with"]["parameters"] - variants["2/without"]["parameters"] == 4 * (32 + 64)


@pytest.mark.parametrize(
    ("level", "count"), [("100", 100), ("250", 250), ("1000", 1000), ("54000", 54_000)]
)
def test_lab_e_varies_the_number_of_training_images(level, count):
    plan, variants = planned(STUDIES / "lab-e-training-size.yaml")
    assert plan.descriptions[f"{level}/passes"].num_examples["train"] == count
    assert variants[f"{level}/steps"]["parameters"] == (16 * 25 + 16) + 64 + (
        16 * 32 * 25 + 32
    ) + 128 + (1568 * 10 + 10)
    assert variants[f"{level}/steps"]["layers"][-1]["output_shape"] == [10]


def test_lab_e_searches_from_the_tutorials_network():
    _, variants = planned(STUDIES / "lab-e-search.yaml")
    assert len(variants) == 11
    assert variants["tutorial"]["parameters"] == 1_199_882
    kernels = [
        row["output_shape"] for row in variants["kernels_5"]["layers"] if row["type"] == "Conv2D"
    ]
    assert kernels == [[24, 24, 32], [20, 20, 64], [6, 6, 64]]


@pytest.mark.parametrize("path", sorted(STUDIES.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_study_of_the_labs_asks_a_question_and_makes_claims_that_can_be_judged(path):
    plan = load(path).plan(jobs=2).plan
    assert plan.study == path.stem
    assert plan.question.endswith("?")
    assert plan.claims
    for claim in plan.claims:
        assert not claim.metric.startswith("test_") or plan.select.test == "all"
