"""Edits compose in the order of the factors and move no other layer's name."""

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.study.written import GOOD, plan_of


def layer_names(variant):
    return [next(iter(layer.values()))["name"] for layer in variant.model["layers"]]


def test_edits_compose_in_the_order_of_the_factors(tmp_path):
    from paribus.study.edits import apply_edit

    base = {
        "model": {
            "defaults": "keras",
            "layers": [{"Conv2D": {"name": "a", "filters": 1, "kernel_size": 1}}],
        },
        "data": {"source": "digits"},
        "train": {"optimizer": {"SGD": {"learning_rate": 0.1}}, "epochs": 1, "batch_size": 1},
    }
    before = apply_edit(
        base, {"insert": {"before": "a", "layers": ["BatchNormalization", "ReLU"]}}, ()
    )
    names = [next(iter(layer.values()))["name"] for layer in before["model"]["layers"]]
    assert names == ["a_batch_normalization", "a_re_lu", "a"]
    again = apply_edit(before, {"insert": {"after": "a", "layers": ["ReLU", "ReLU"]}}, ())
    names = [next(iter(layer.values()))["name"] for layer in again["model"]["layers"]]
    assert names == ["a_batch_normalization", "a_re_lu", "a", "a_re_lu_2", "a_re_lu_3"]
    replaced = apply_edit(base, {"replace": {"a": {"Dense": {"units": 3}}}}, ())
    assert replaced["model"]["layers"] == [{"Dense": {"name": "a", "units": 3}}]
    assert apply_edit(base, {"remove": ["Conv2D"]}, ())["model"]["layers"] == []
    rate = apply_edit(base, {"set": {"train.optimizer.learning_rate": 0.5}}, ())
    assert rate["train"]["optimizer"] == {"SGD": {"learning_rate": 0.5}}
    other = apply_edit(base, {"set": {"train.optimizer": "Adam"}}, ())
    assert other["train"]["optimizer"] == "Adam"
    assert base["train"]["optimizer"] == {"SGD": {"learning_rate": 0.1}}, "the base is left alone"


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from(["conv", "pool", "flatten_1", "hidden", "MaxPooling2D", "Dense"]), st.booleans()
)
def test_inserting_moves_no_other_layers_name(anchor, after):
    side = "after" if after else "before"
    edit = f"{{insert: {{{side}: {anchor}, layers: [BatchNormalization]}}}}"
    plan = plan_of(GOOD.replace("{set: {model.hidden.units: 16}}", edit))
    small, large = (
        next(v for v in plan.variants if v.name == name) for name in ("small/none", "large/none")
    )
    kept = [name for name in layer_names(large) if not name.endswith("batch_normalization")]
    assert kept == layer_names(small)
    for layer in small.model["layers"]:
        assert layer in large.model["layers"]
