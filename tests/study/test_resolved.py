"""Resolved settings have the constants of their profile and read back to themselves."""

from paribus.study.expand import expand
from paribus.study.load import study_from_mapping
from paribus.study.reading import read_text
from paribus.study.resolved import resolved_yaml
from tests.study.written import GOOD, plan_of


def test_profiles_resolve_to_their_own_constants():
    keras, torch = plan_of(GOOD).variants[0], plan_of(GOOD.replace("keras", "torch")).variants[0]
    assert keras.model["layers"][0]["Conv2D"]["kernel_initializer"] == "glorot_uniform"
    assert torch.model["layers"][0]["Conv2D"]["kernel_initializer"] == "torch_uniform"
    adam = GOOD.replace("{SGD: {learning_rate: 0.1}}", "Adam")
    assert plan_of(adam).variants[0].train["optimizer"]["Adam"]["epsilon"] == 1e-7
    assert (
        plan_of(adam.replace("keras", "torch")).variants[0].train["optimizer"]["Adam"]["epsilon"]
        == 1e-8
    )


def test_resolved_settings_read_back_to_themselves():
    plan = plan_of(GOOD)
    value = read_text(resolved_yaml(plan)).value
    for variant in plan.variants:
        written = value["variants"][variant.name]
        again = study_from_mapping(
            {"study": "again", **{k: written[k] for k in ("data", "model", "train")}}
        )
        (one,) = expand(again).variants
        assert (one.data, one.model, one.train) == (variant.data, variant.model, variant.train)
